// A platform writes `import Posthorn` and has the words that its methods take and give: events and deliveries, lists and
// counts, limits and the egress guard.
@_exported public import PosthornModel
@_exported public import PosthornText
@_exported public import PosthornOutbox
@_exported public import PosthornSending
