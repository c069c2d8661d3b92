import PosthornTestSupport
import Testing

/// `endpoint verify`, `rotate`, `test` and `ask` as processes, and the key for sealed credentials.
@Suite(.limited()) struct EndpointCommandTests {
    /// The detail of a refused address names it and what opens it; the sentence before it would say the same.
    @Test func aRefusedAddressIsSaidOnce() throws {
        let posthorn = try PosthornProcess()
        let endpoint = #"{"id": "e", "node": "c1", "url": "http://127.0.0.1:9/", "vendor": "weseedo"}"#
        let topology = #"{"nodes": [{"id": "c1", "level": "company"}], "endpoints": [\#(endpoint)]}"#
        #expect(try posthorn.run("apply", "-", input: topology).status == 0)
        let result = try posthorn.run("endpoint", "test", "e")
        #expect(result.status == 1 && result.output.contains("127.0.0.1"), "\(result.output)\(result.errors)")
        #expect(result.output.split(separator: "--allow").count == 2, "\(result.output)")
    }

    private func prepared(_ receiver: MisbehavingReceiver, key: [String] = []) throws -> PosthornProcess {
        let posthorn = try PosthornProcess()
        let topology = """
            {"nodes": [{"id": "c1", "level": "company"}], "endpoints": [
              {"id": "coach", "node": "c1", "url": "\(receiver.url)", "vendor": "diio", "credentials": {"signing_secret": "abc-of-coach"}},
              {"id": "w", "node": "c1", "url": "\(receiver.url)", "vendor": "webio",
               "credentials": {"api_key": "k-of-webio", "secret": "0123456789abcdef0123456789abcdef", "organisation_id": "1"}},
              {"id": "s", "node": "c1", "url": "\(receiver.url)", "vendor": "standard",
               "credentials": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}},
              {"id": "plain", "node": "c1", "url": "\(receiver.url)", "vendor": "weseedo"} ] }
            """
        let applied = try posthorn.run(["apply", posthorn.write(topology, to: "topology.json")] + key, input: [])
        try #require(applied.status == 0, "\(applied.errors)")
        return posthorn
    }

    private func answer(_ request: ReceivedRequest) -> Reply {
        if let start = request.target.firstRange(of: "echo_string=") {
            return .status(200, body: String(request.target[start.upperBound...]))
        }
        return .status(200, body: #"{"balance":"12.50"}"#)
    }

    @Test func retryTellsOfAMistypedEndpoint() throws {
        let posthorn = try prepared(try MisbehavingReceiver { _ in .ok })
        let mistyped = try posthorn.run("retry", "--endpoint", "coatch")
        #expect(mistyped.status == 1 && mistyped.errors.contains("\"coatch\" is not known (did you mean coach?)"), "\(mistyped.errors)")
        #expect(try posthorn.run("retry", "--endpoint", "coach").output == "0 deliveries due now\n")
        #expect(try posthorn.run("retry").status == 2)
    }

    /// One endpoint is well, one is switched off, one is gone, one's secret does not open.
    @Test func retrySaysWhatIsHeldInsteadOfSent() throws {
        let receiver = try MisbehavingReceiver { _ in .status(500) }
        let posthorn = try PosthornProcess()
        let key = ["--key-file", posthorn.write(String(repeating: "5a", count: 32), to: "key")]
        func apply(_ ids: [String]) throws -> PosthornProcess.Result {
            let endpoints = ids.map { id in
                let (vendor, secret) = id == "key" ? ("conference", #"{"token": "abc-of-key"}"#) : ("weseedo", "{}")
                return
                    #"{"id": "\#(id)", "node": "c1", "url": "\#(receiver.url)", "vendor": "\#(vendor)", "credentials": \#(secret), "retry": ["0"]}"#
            }
            let text = #"{"nodes": [{"id": "c1", "level": "company"}], "endpoints": [\#(endpoints.joined(separator: ","))]}"#
            return try posthorn.run(["apply", "--prune", posthorn.write(text, to: "topology.json")] + key, input: [])
        }
        #expect(try apply(["well", "off", "gone", "key"]).status == 0)
        _ = try posthorn.run("emit", input: #"{"type":"MEETING_STARTED","node":"c1","data":{"id":"m1"}}"#)
        let run = ["run", "--until-settled", "--allow", "127.0.0.0/8"]
        #expect(try posthorn.run(run + key, input: []).output.contains("4 exhausted"))
        #expect(try apply(["well", "off", "key"]).output.contains("removed endpoint gone"))
        #expect(try posthorn.run("endpoint", "disable", "off").status == 0)
        let other = ["--key-file", posthorn.write(String(repeating: "a5", count: 32), to: "other")]
        let retried = try posthorn.run(["retry", "1", "2", "3", "4"] + other, input: [])
        #expect(
            retried.lines.map { $0.prefix(while: { $0 != ";" }) } == [
                "1 delivery due now", "1 delivery of endpoint gone is held, not sent, because it was removed",
                "1 delivery of endpoint key is held, not sent, because it cannot be used: the credentials or fixed headers of endpoint key do not open with this key",
                "1 delivery of endpoint off is held, not sent, because it is disabled",
            ],
            "\(retried.output)"
        )
        #expect(retried.status == 0 && retried.output.contains("; posthorn endpoint enable off switches it on"))
        // It is as was said.
        #expect(try posthorn.run(run + other, input: []).output.hasPrefix("0 pending, 3 held, 0 delivered, 1 exhausted"))
        let json = try posthorn.run("retry", "--endpoint", "well", "--since", "1h", "--json").output
        #expect(json == #"{"retried":1,"moved":0,"unknown":[],"refused":[],"waiting":[]}"# + "\n")
    }

    @Test func verifyTellsWhatCameOfIt() throws {
        let receiver = try MisbehavingReceiver(answer)
        let posthorn = try prepared(receiver)
        let refused = try posthorn.run("endpoint", "verify", "coach")
        #expect(refused.status == 1 && refused.errorLines.count == 1 && refused.errors.contains("--allow"))
        #expect(try posthorn.run("endpoint", "list", "--json").lines[0].contains(#""state":"unverified","reason":"handshake: "#))
        #expect(
            try posthorn.run("endpoint", "verify", "coach", "--allow", "127.0.0.0/8").output
                == "endpoint coach has proved itself and is active\n"
        )
        #expect(
            try posthorn.run("endpoint", "verify", "plain", "--json").output == #"{"id":"plain","state":"active","reason":null}"# + "\n"
        )
        #expect(try posthorn.run("endpoint", "verify", "nobody").status == 1)
    }

    @Test func rotateShowsAMadeSecretOnceAndAGivenOneNever() throws {
        let posthorn = try prepared(try MisbehavingReceiver { _ in .ok })
        let made = try posthorn.run("endpoint", "rotate", "s")
        #expect(made.lines.count == 3 && made.lines[1].hasPrefix("whsec_") && made.lines[2].contains("signs too until"))
        let shown = try posthorn.run("endpoint", "show", "s")
        #expect(shown.output.contains("overlap") && shown.output.contains("the replaced secret signs too, until "), "\(shown.output)")
        #expect(try posthorn.run("endpoint", "show", "s", "--json").output.contains(#""replaced_signs_until":"2"#))
        #expect(try posthorn.run("endpoint", "show", "coach", "--json").output.contains(#""replaced_signs_until":null"#))
        let given = try posthorn.run("endpoint", "rotate", "coach", "--secret-stdin", input: "brought-along\r\n")
        #expect(given.status == 0 && !given.output.contains("brought-along"))
        #expect(try posthorn.run("endpoint", "rotate", "coach", "--secret-stdin", input: "brought-along").errors.contains("already in use"))
        #expect(try posthorn.run("endpoint", "rotate", "w", "--json").output.contains(#""secret":null"#))
        #expect(try posthorn.run("endpoint", "rotate", "plain").status == 1)
        #expect(try posthorn.run("endpoint", "rotate", "coach", "--secret-stdin").errors.contains("empty"))
        #expect(try posthorn.run("endpoint", "rotate", "coach", "--secret-stdin", "--secret-file", "x").status == 2)
    }

    @Test func testShowsBothSidesAndStoresNothing() throws {
        let receiver = try MisbehavingReceiver(answer)
        let posthorn = try prepared(receiver)
        let data = posthorn.write("{\"id\": \"m1\",\n \"n\": 1.10}\n", to: "data.json")
        let result = try posthorn.run("endpoint", "test", "coach", "--type", "meeting.error", "--data", data, "--allow", "127.0.0.0/8")
        #expect(result.status == 0 && result.output.contains("< 200 from 127.0.0.1:") && result.output.contains("> DO-Signature: "))
        #expect(
            receiver.requests.map { String(decoding: $0.body, as: UTF8.self) } == [
                "{\"action\":\"meeting.error\",\"id\": \"m1\",\n \"n\": 1.10}"
            ]
        )
        #expect(try posthorn.run("deliveries", "--json").output.isEmpty)
        let noID = try posthorn.run("endpoint", "test", "coach", "--data", "-", "--allow", "127.0.0.0/8", input: "{}")
        #expect(noID.status == 1 && noID.errors.contains("data.id"))
        #expect(receiver.requests.count == 1)
    }

    @Test func askFillsATextOrNamesWhatIsMissing() throws {
        let receiver = try MisbehavingReceiver(answer)
        let posthorn = try prepared(receiver)
        #expect(try posthorn.run("ask", "w", "You have <<balance>>.", "--allow", "127.0.0.0/8").output == "You have 12.50.\n")
        let missing = try posthorn.run("ask", "w", "<<balance>> <<limit>>", "--allow", "127.0.0.0/8")
        #expect(missing.status == 1 && missing.output.isEmpty && missing.errors == "posthorn: limit: is missing in the receiver's reply\n")
    }

    @Test func sealedCredentialsNeedTheirKeyAndListsDoNot() throws {
        let receiver = try MisbehavingReceiver(answer)
        let posthorn = try prepared(receiver)
        #expect(try posthorn.run("doctor").output.contains("unencrypted credentials"))
        let key = ["--key-file", posthorn.write(String(repeating: "5a", count: 32) + "\n", to: "key")]
        let other = ["--key-file", posthorn.write(String(repeating: "a5", count: 32), to: "other")]
        let applied = try posthorn.run(["apply", posthorn.directory.file("topology.json")] + key, input: [])
        #expect(applied.lines.count == 3 && applied.output.contains("changed endpoint coach (credentials sealed)"))
        #expect(try posthorn.run("doctor").output.contains("are sealed"))
        let doctor = try posthorn.run(["doctor"] + other, input: [])
        #expect(doctor.status == 1 && doctor.lines.count { $0.contains("coach cannot be used") } == 1)
        let status = try posthorn.run(["status"] + other, input: [])
        #expect(status.lines.count { $0.hasPrefix("broken") } == 3 && status.output.contains("coach: the credentials"))
        #expect(try posthorn.run(["status", "--json"] + key, input: []).output.contains(#""broken_endpoints":{}"#))
        for given in [[], other] {
            let result = try posthorn.run(["run", "--until-settled"] + given, input: [])
            // The one that needs no key goes on.
            let told = result.errorLines.filter { $0.contains("error endpoint cannot be used") }
            #expect(result.status == 0 && told.count == 3 && told[0].contains("endpoint=coach") && told[0].contains("key"))
            #expect(try posthorn.run(["endpoint", "list"] + given, input: []).status == 0)
        }
        #expect(try posthorn.run(["run", "--until-settled", "--allow", "127.0.0.0/8"] + key, input: []).status == 0)
        let bad = try posthorn.run("status", "--key-file", posthorn.write("my-key-text", to: "bad"))
        #expect(bad.status == 1 && bad.errorLines.count == 1 && !bad.errors.contains("my-key-text"))
    }

    @Test func aRefusedAddressNamesTheOptionThatOpensIt() throws {
        let receiver = try MisbehavingReceiver { _ in .ok }
        let posthorn = try prepared(receiver)
        _ = try posthorn.run("emit", input: #"{"type":"MEETING_STARTED","node":"c1","data":{"id":"m1"}}"#)
        #expect(try posthorn.run("run", "--until-settled", "--speed", "1e6").errors.contains("--allow opens its range"))
        let delivery = try posthorn.run("deliveries", "--endpoint", "plain", "--json").lines
        #expect(delivery.count == 1)
        let json = try posthorn.run("attempts", "4", "--json").output
        #expect(json.contains(#""error":"refused_address""#) && json.contains("127.0.0.1") && !json.contains("--allow"), "\(json)")
    }
}
