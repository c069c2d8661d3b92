import Glibc
import PosthornModel
import PosthornText
import PosthornOutbox
import PosthornSending
import PosthornSystem

/// The machine: descriptors, clock, certificate authorities.
enum MachineChecks {
    static func all() -> [Finding] {
        let limit = DescriptorLimit.current
        return [
            VersionChecks.curl(CurlInformation.version),
            notices(areAvailable: PlaceWatch.isAvailable),
            descriptors(soft: limit.soft, hard: limit.hard, needed: DescriptorLimit.needed(SenderConfiguration())),
            clock(SystemClock().now(), isSynchronised: ClockDiscipline.isSynchronised),
            certificateAuthorities(),
        ]
    }

    /// Other programs' commits are noticed through inotify.
    static func notices(areAvailable: Bool) -> Finding {
        if areAvailable { return Finding(.ok, "inotify", "to be had: other programs' commits are noticed at once") }
        return Finding(
            .warn,
            "inotify",
            "not to be had, so other programs' commits are looked for twenty times a second; raise fs.inotify.max_user_instances "
                + "(sysctl -w fs.inotify.max_user_instances=512), or end what uses them up"
        )
    }

    /// `run` raises the soft limit by itself, so the hard one counts.
    static func descriptors(soft: Int, hard: Int, needed: Int) -> Finding {
        if hard >= needed { return Finding(.ok, "descriptors", "\(hard) may be open, \(needed) can be used at most") }
        return Finding(
            .warn,
            "descriptors",
            "only \(hard) may be open, and up to \(needed) can be used; raise the hard limit (ulimit -Hn \(needed), or LimitNOFILE= "
                + "of the service)"
        )
    }

    /// Receivers refuse signatures whose time is more than some minutes off.
    static func clock(_ now: Timestamp, isSynchronised: Bool?) -> Finding {
        if now < oldestPlausible {
            return Finding(.problem, "clock", "it says \(now), which is long past; set it, or receivers refuse every signature")
        }
        switch isSynchronised {
        case true?: return Finding(.ok, "clock", "\(now), synchronised")
        case false?:
            return Finding(
                .warn,
                "clock",
                "\(now), and nothing keeps it right as far as the kernel knows; run an NTP client, because receivers refuse signatures "
                    + "that are more than a few minutes off"
            )
        case nil: return Finding(.ok, "clock", "\(now); whether it is synchronised is not known here")
        }
    }

    /// This program is not older than that.
    private static let oldestPlausible = Timestamp(milliseconds: 1_767_225_600_000)

    private static func certificateAuthorities() -> Finding {
        if let file = getenv("SSL_CERT_FILE").map({ String(cString: $0) }), !file.isEmpty {
            return certificateAuthorities([file], source: "SSL_CERT_FILE")
        }
        return certificateAuthorities([CurlInformation.certificateAuthorityFile], source: "libcurl")
    }

    /// One of the places must be readable.
    static func certificateAuthorities(_ paths: [String], source: String) -> Finding {
        if let path = paths.first(where: { access($0, R_OK) == 0 }) { return Finding(.ok, "certificates", path) }
        let names = paths.isEmpty ? "no place" : paths.map(Visible.text).joined(separator: " or ")
        return Finding(
            .problem,
            "certificates",
            "\(source) names \(names), which cannot be read, so every https request would fail; install the ca-certificates "
                + "package, or name a file with SSL_CERT_FILE or run --ca-file"
        )
    }
}
