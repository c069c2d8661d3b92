import PosthornBenchReports
import PosthornCurl

/// An authority of the benchmark's own and the certificates that it signs, made by `openssl`.
enum TestAuthority {
    private static let days = "30"

    /// Makes the certificates of a configuration, and the file to judge them by: all authorities of the system with this one
    /// behind them, since a file with one alone would be read in no time.
    /// - Returns: That file.
    static func makeCertificates(_ configuration: NginxConfiguration) throws -> String {
        let folder = configuration.folder
        let (authority, key) = ("\(folder)/authority.pem", "\(folder)/authority.key")
        let curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
        let request = try requestFile(folder, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign")
        try run(
            ["req", "-x509", "-newkey", "ec"] + curve
                + ["-nodes", "-config", request, "-days", days, "-keyout", key, "-out", authority]
        )
        try run(["genpkey", "-algorithm", "EC"] + curve + ["-out", configuration.keyFile])
        for (group, addresses) in (configuration.certificates ?? []).enumerated() {
            let names = addresses.map { "IP:\($0)" }.joined(separator: ",")
            let request = try requestFile(folder, "basicConstraints=critical,CA:FALSE\nsubjectAltName=\(names)")
            try run(
                ["req", "-x509", "-new", "-key", configuration.keyFile, "-config", request, "-CA", authority, "-CAkey", key]
                    + ["-days", days, "-out", configuration.certificateFile(group)]
            )
        }
        let bundle = "\(folder)/authorities.pem"
        try TextFile.write(try systemAuthorities() + ProcessFile.text(authority), to: bundle)
        return bundle
    }

    private static func systemAuthorities() throws -> String {
        let path = CurlInformation.certificateAuthorityFile
        let text = ProcessFile.text(path)
        guard text.contains("BEGIN CERTIFICATE") else {
            throw BenchProblem("\(path) holds no certificate (apt-get install ca-certificates)")
        }
        return text
    }

    private static func requestFile(_ folder: String, _ extensions: String) throws -> String {
        let path = "\(folder)/request.cnf"
        let head = "[req]\ndistinguished_name=name\nprompt=no\nx509_extensions=extensions\n[name]\nCN=posthorn-bench\n[extensions]\n"
        try TextFile.write(head + extensions + "\n", to: path)
        return path
    }

    private static func run(_ arguments: [String]) throws {
        try ChildProcess(running: "openssl", arguments, isQuiet: true).wait(for: "openssl \(arguments[0])")
    }
}
