extension KnownEventType {
    /// The conference service's events, each of which happens to a conference of a host.
    static let conference: [KnownEventType] = [
        ("conference_start", "A conference has begun.", ""),
        ("conference_end", "A conference has ended.", ""),
        ("start_recording", "A recording has begun.", ""),
        ("stop_recording", "A recording has ended.", ""),
        ("recording_ready", "A recording can be downloaded.", #","recording_id":77,"download_link":"https://media.example/77.mp4""#),
        ("transcription_ready", "The transcription of a recording is ready.", ""),
        ("start_streaming", "The conference is being streamed.", ""),
        ("stop_streaming", "The stream has ended.", ""),
        (
            "stream_preview_updated", "There is a new preview of the stream.",
            #","video_url":"https://media.example/p.mp4","image_url":"https://media.example/p.jpg""#
        ),
        ("start_broadcasting", "The conference is being broadcast.", ""),
        ("stop_broadcasting", "The broadcast has ended.", ""),
        (
            "enter_conference", "A participant has come in.",
            #","participant_id":5001,"participant_role":"participant","meeting_url":"https://meet.example/1258835""#
        ),
        (
            "leave_conference", "A participant has left, or was removed.",
            #","participant_id":5001,"participant_role":"participant","reason_for_leaving":"user_exit""#
        ),
        ("enter_livestream", "A viewer has opened the stream.", #","participant_id":5001"#),
        ("leave_livestream", "A viewer has left the stream.", #","participant_id":5001,"reason_for_leaving":"user_dropped""#),
        ("participant_role_changed", "A participant has another role.", #","participant_id":5001,"participant_role":"moderator""#),
        (
            "dialout_status_change", "Calling a participant up has gone a step further.",
            #","participant_id":5001,"status":"answered","phone_number":"+442071838750""#
        ),
        ("profile_picture_upload_success", "A host's picture was uploaded.", nil),
        ("profile_picture_upload_failure", "A host's picture could not be uploaded.", nil),
        (
            "drive_file_added", "A file was added to a host's drive.",
            #"{"host_id":61803,"company_id":1204,"id":9,"filename":"agenda.pdf","size":48211}"#
        ),
        (
            "drive_file_deleted", "A file of a host's drive was deleted.",
            #"{"host_id":61803,"company_id":1204,"id":9,"filename":"agenda.pdf"}"#
        ),
        ("one_time_access_code_reused", "An access code was used a second time.", #","original_conference_id":1258101"#),
    ].map { type, summary, more in
        let host = #"{"host_id":61803,"company_id":1204"#
        // What happens to a host and not to a conference brings its own object, or has no more than the host's.
        guard let more else { return KnownEventType(.conference, type, summary, host + "}") }
        if more.hasPrefix("{") { return KnownEventType(.conference, type, summary, more) }
        return KnownEventType(.conference, type, summary, #"\#(host),"conference_id":1258835\#(more)}"#)
    }
}
