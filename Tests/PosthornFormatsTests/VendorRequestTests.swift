import PosthornModel
import PosthornFormats
import Testing

@Suite struct DiioHandshakeTests {
    private let handshake = DiioHandshake { Array(repeating: 0xAB, count: $0) }

    @Test func asksForItsValue() {
        #expect(String(decoding: handshake.query, as: UTF8.self) == "echo_string=" + String(repeating: "ab", count: 16))
        #expect(DiioHandshake().value != DiioHandshake().value)
    }

    @Test func takesExactlyTheValueWith200() throws {
        let value = Array(handshake.value.utf8)
        try handshake.judge(status: 200, body: value)
        for status in [201, 204, 301, 404, 500] {
            #expect(throws: InputProblem.self) { try handshake.judge(status: status, body: value) }
        }
        for body in [
            [], value + [0x0A], [0x22] + value + [0x22], value + value, Array(value.dropLast()), Array(handshake.value.uppercased().utf8),
        ] {
            let problem = #expect(throws: InputProblem.self) { try handshake.judge(status: 200, body: body) }
            #expect(problem?.field == "handshake")
        }
        let newline = #expect(throws: InputProblem.self) { try handshake.judge(status: 200, body: value + [0x0D, 0x0A]) }
        #expect(newline?.reason.contains("line breaks") == true)
    }
}

@Suite struct ValueRequestTests {
    @Test func asksForEachFieldOnce() throws {
        let request = try ValueRequest("Hi <<first name>>, <<balance>> due, << ID >>; again <<balance>>.")
        #expect(request.fields == ["first name", "balance", "ID"])
        #expect(
            String(decoding: request.query(customer: "123456", channel: "44777777777"), as: UTF8.self)
                == "customerUID=123456&outboundChannelAddress=44777777777&param1=first+name&param2=balance&param3=ID"
        )
        #expect(
            String(decoding: request.query(customer: nil, channel: "+44 7&7"), as: UTF8.self)
                == "customerUID=null&outboundChannelAddress=%2B44+7%267&param1=first+name&param2=balance&param3=ID"
        )
    }

    @Test func fillsEveryFieldAsItWasWritten() throws {
        let request = try ValueRequest("<<a>>|<<b>>|<<c>>|<<a>>|<b>>")
        let reply = #"{"a":"12.50 \u20ac <<b>>","b":1.10,"c":true,"unused":[1]}"#
        #expect(try request.fill(status: 200, body: Array(reply.utf8)) == "12.50 € <<b>>|1.10|true|12.50 € <<b>>|<b>>")
        #expect(try ValueRequest("<<é>>").fill(status: 200, body: Array(#"{"é":7}"#.utf8)) == "7")
    }

    @Test(arguments: [
        (200, #"{"a":"1"}"#, "b"), (200, #"{"a":"1","b":null}"#, "b"), (200, #"{"a":"1","b":[1]}"#, "b"),
        (200, #"{"b":"1","A":"1"}"#, "a"), (200, "[]", "reply"), (200, "", "reply"), (200, "{", "reply"), (200, "<html>", "reply"),
        (500, #"{"a":"1","b":"2"}"#, "reply"), (201, #"{"a":"1","b":"2"}"#, "reply"), (302, "", "reply"),
    ])
    func namesWhatIsMissing(status: Int, reply: String, field: String) throws {
        let request = try ValueRequest("<<a>> and <<b>>")
        let problem = #expect(throws: InputProblem.self) { try request.fill(status: status, body: Array(reply.utf8)) }
        #expect(problem?.field == field)
    }

    @Test func textsWithoutUsableFieldsAreRefused() {
        for text in ["", "no field", "<<>>", "<<  >>", "<<a", "a << b", "<<a\nb>>", "<<a<<b>>"] {
            #expect(throws: InputProblem.self, "\(text)") { try ValueRequest(text) }
        }
    }
}
