import PosthornModel
import PosthornSigning
import Testing

/// Requests as each vendor makes them.
@Suite struct ComposerTests {
    @Test func weseedoHasItsMembersInOrderWithoutBlanks() throws {
        let request = try compose(settings(.weseedo), attempt: 3, type: "MEETING_CREATED", data: "{\"id\":1.10,\"n\":\"\\u00e9\"}")
        #expect(
            request.bodyText
                == #"{"id":"26edf51b5ed353431566fdf1","created":"2020-07-15T12:33:14.000Z","attempt":3,"type":"MEETING_CREATED","data":{"id":1.10,"n":"\u00e9"}}"#
        )
        #expect(request.headerText == "content-type: application/json\r\nuser-agent: Posthorn/\(PosthornVersion.text)")
        #expect(request.query.isEmpty)
    }
}
