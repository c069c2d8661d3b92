extension EndpointComposer {
    /// Values of headers that let whoever has them call the receiver in our name: tokens that stay the same in every request.
    public var tokenValues: [[UInt8]] { signer.constantHeaders.map(\.value) }
}
