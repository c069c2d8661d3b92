/// The files of the dashboard, embedded in the binary. Embedded files cannot be listed, so they are named here; a test compares the list
/// with the folder.
enum DashboardFiles {
    /// A file beside the page.
    struct File: Sendable {
        let name: String
        let type: String
        let bytes: [UInt8]
    }

    /// The one page, with `{{assets}}` in place of where the other files are.
    static let page = PackageResources.index_html

    /// The page of what a receiver gets, made of the same parts.
    static let inspectorPage = PackageResources.inspector_html

    static let all: [File] = [
        File(name: "style.css", type: "text/css; charset=utf-8", bytes: PackageResources.style_css),
        File(name: "icon.svg", type: "image/svg+xml", bytes: PackageResources.icon_svg),
        script("api.js", PackageResources.api_js),
        script("app.js", PackageResources.app_js),
        script("backups.js", PackageResources.backups_js),
        script("deliveries.js", PackageResources.deliveries_js),
        script("changes.js", PackageResources.changes_js),
        script("delivery.js", PackageResources.delivery_js),
        script("dom.js", PackageResources.dom_js),
        script("endpoint-form.js", PackageResources.endpoint_form_js),
        script("endpoint.js", PackageResources.endpoint_js),
        script("endpoints.js", PackageResources.endpoints_js),
        script("event-types.js", PackageResources.event_types_js),
        script("events.js", PackageResources.events_js),
        script("inspector.js", PackageResources.inspector_js),
        script("json.js", PackageResources.json_js),
        script("keys.js", PackageResources.keys_js),
        script("many.js", PackageResources.many_js),
        script("nodes.js", PackageResources.nodes_js),
        script("overview.js", PackageResources.overview_js),
        script("past.js", PackageResources.past_js),
        script("plot.js", PackageResources.plot_js),
        script("portal-sessions.js", PackageResources.portal_sessions_js),
        script("recipients.js", PackageResources.recipients_js),
        script("refresh.js", PackageResources.refresh_js),
        script("replays.js", PackageResources.replays_js),
        script("router.js", PackageResources.router_js),
        script("sign-in.js", PackageResources.sign_in_js),
        script("words.js", PackageResources.words_js),
    ]

    private static func script(_ name: String, _ bytes: [UInt8]) -> File {
        File(name: name, type: "text/javascript; charset=utf-8", bytes: bytes)
    }
}
