import Glibc
import PosthornHTTP
import PosthornModel
import PosthornTestSupport
import PosthornText
import Testing

@testable import PosthornAPI

/// What the dashboard is made of, and how it is served.
@Suite(.limited()) struct DashboardFileTests {
    private static let folder: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(4).joined(separator: "/") + "/Sources/PosthornAPI/Dashboard/Assets"
    }()

    private static var names: Set<String> {
        Set((FolderListing.names(in: folder) ?? []).filter { !$0.hasPrefix(".") })
    }

    private static func bytes(_ name: String) -> [UInt8] {
        guard let stream = fopen("\(folder)/\(name)", "rb") else { return [] }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
        return bytes
    }

    private static func text(_ file: DashboardFiles.File) -> String { String(decoding: file.bytes, as: UTF8.self) }

    @Test func theListIsTheFolder() {
        #expect(Set(DashboardFiles.all.map(\.name)).union(["index.html", "inspector.html"]) == Self.names)
        for file in DashboardFiles.all { #expect(file.bytes == Self.bytes(file.name), "\(file.name) has another file's contents") }
        #expect(DashboardFiles.page == Self.bytes("index.html"))
        #expect(DashboardFiles.inspectorPage == Self.bytes("inspector.html"))
    }

    @Test func allOfItIsSmallerThanAPhotograph() {
        let total = DashboardFiles.all.reduce(DashboardFiles.page.count) { $0 + $1.bytes.count }
        #expect(total < 200 << 10, "\(total) bytes")
    }

    /// Text of receivers and tenants can become markup or a program only through these, and another server's only by a full address.
    @Test func noScriptMakesMarkupOrProgramsOfTextOrAsksOtherServers() {
        let forbidden = [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc", "DOMParser",
            "createContextualFragment", "setHTML", "javascript:", "localStorage",
        ]
        for file in DashboardFiles.all where file.name.hasSuffix(".js") {
            let text = Self.text(file)
            for word in forbidden { #expect(!text.contains(word), "\(file.name) has \(word)") }
            let addresses = text.split(whereSeparator: { " '\"`()".contains($0) }).filter { $0.contains("//") && $0.hasPrefix("http") }
            #expect(addresses.allSatisfy { $0 == "http://www.w3.org/2000/svg" }, "\(file.name) has \(addresses)")
        }
    }

    @Test func everyModuleThatIsImportedIsThere() {
        let names = Set(DashboardFiles.all.map(\.name))
        for file in DashboardFiles.all where file.name.hasSuffix(".js") {
            for match in Self.text(file).matches(of: /(?:from|import) '\.\/([^']+)'/) {
                #expect(names.contains(String(match.1)), "\(file.name) imports \(match.1)")
            }
        }
    }

    @Test func thePagesExplainEveryErrorInTheWordsOfTheCommandLine() {
        let words = DashboardFiles.all.first { $0.name == "words.js" }.map(Self.text) ?? ""
        for error in AttemptError.allCases {
            let sentence = error.sentence.replacing("'", with: "\\'")
            #expect(words.contains("    \(error.rawValue): ['\(sentence)', '"), "\(error.rawValue)")
        }
        for state in DeliveryState.allCases { #expect(words.contains("    \(state.rawValue): '"), "\(state.rawValue)") }
    }

    // MARK: Served

    private static func asset(_ bench: APIBench, _ target: String = "/") -> String {
        let page = bench.ask("GET", target).text
        return page.firstMatch(of: /href="([^"]+)\/style.css"/).map { String($0.1) } ?? ""
    }

    @Test func thePageIsServedToAnybodyAtEachOfItsPaths() throws {
        let bench = try APIBench()
        _ = try bench.key(nil, .admin)
        let page = bench.ask("GET", "/")
        #expect(page.status == 200 && page.text.contains("<main") && !page.text.contains("{{"))
        for target in ["/deliveries", "/deliveries/12", "/endpoints/a%2Fb", "/nodes?x=y", "/keys"] {
            #expect(bench.ask("GET", target).text == page.text, "\(target)")
        }
        #expect(bench.ask("GET", "/nothing").status == 404 && bench.ask("GET", "/v1/nothing").status == 404)
        #expect(bench.ask("GET", "/v1/whoami").status == 401)
        let refused = bench.ask("POST", "/")
        #expect(refused.status == 405 && refused.headers["Allow"] == "GET, HEAD")
    }

    @Test func browsersKeepFilesForEverAndAskForThePageEachTime() throws {
        let bench = try APIBench()
        let page = bench.ask("GET", "/")
        #expect(page.headers["Cache-Control"] == "no-cache")
        let tag = try #require(page.headers["ETag"])
        let known = bench.ask("GET", "/", headers: [("If-None-Match", "\"other\", \(tag)")])
        #expect(known.status == 304 && known.text.isEmpty && known.headers["ETag"] == tag)
        let assets = Self.asset(bench)
        for file in DashboardFiles.all {
            let answer = bench.ask("GET", "\(assets)/\(file.name)")
            #expect(answer.status == 200 && answer.headers["Content-Type"] == file.type)
            #expect(answer.headers["Cache-Control"]?.contains("immutable") ?? false)
            #expect(answer.text == Self.text(file))
        }
        for target in ["\(assets)/index.html", "\(assets)/../app.js", "/assets/0/app.js", "\(assets)/"] {
            let answer = bench.ask("GET", target)
            #expect(answer.status == 404 && answer.headers["Cache-Control"] == "no-store", "\(target)")
        }
    }

    @Test func everyFileForbidsForeignScriptsAndFrames() throws {
        let bench = try APIBench()
        for target in ["/", "\(Self.asset(bench))/app.js", "\(Self.asset(bench))/icon.svg"] {
            let headers = bench.ask("GET", target).headers
            let policy = headers["Content-Security-Policy"] ?? ""
            #expect(
                policy.contains("default-src 'none'") && policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'")
            )
            #expect(!policy.contains("unsafe") && !policy.contains("http"))
            #expect(headers["X-Content-Type-Options"] == "nosniff" && headers["Referrer-Policy"] == "no-referrer")
        }
        let page = bench.ask("GET", "/").text
        #expect(!page.contains("style=") && !page.contains("<style") && page.firstMatch(of: /<script(?![^>]*src=)/) == nil)
        #expect(page.firstMatch(of: #/ on[a-z]+=/#) == nil)
    }

    @Test func aBasePathIsBeforeAllOfIt() throws {
        var options = API.Options()
        options.basePath = "/hooks"
        let bench = try APIBench(options)
        #expect(bench.ask("GET", "/").status == 404)
        for target in ["/hooks", "/hooks/", "/hooks/deliveries"] { #expect(bench.ask("GET", target).status == 200, "\(target)") }
        let assets = Self.asset(bench, "/hooks/")
        #expect(assets.hasPrefix("/hooks/assets/") && bench.ask("GET", "\(assets)/app.js").status == 200)
    }

    @Test func aKeyLearnsWhatItOpens() throws {
        let bench = try APIBench()
        let own = bench.ask("GET", "/v1/whoami", key: try bench.key("c1", .read))
        #expect(own.json["node"] == .string("c1") && own.json["rights"]?.text == #"["read","read_metadata"]"#)
        #expect(bench.ask("GET", "/v1/whoami", key: try bench.key(nil, .emit)).json["node"] == .null)
    }
}
