import PosthornModel
import PosthornSending

extension EndpointSettings {
    /// The settings with the URL as it is called, which a vendor's file may sign: in canonical form.
    var withCalledURL: EndpointSettings {
        guard signature == .vendorFile, let called = try? EndpointURL(url) else { return self }
        var settings = self
        settings.url = called.text
        return settings
    }
}
