/// Every route of the API.
enum APIRoutes {
    /// - Parameter metrics: The route that answers scrapes.
    static func all(_ parts: APIParts, _ metrics: Route) -> [Route] {
        let routes =
            EventRoutes.all(parts) + RecipientRoutes.all + DeliveryRoutes.all + EndpointRoutes.all(parts) + NodeRoutes.all
            + KeyRoutes.all(parts) + StatusRoutes.all(parts) + ProblemRoutes.all(parts)
            + [metrics]
        return routes + [DocumentRoutes.openAPI(routes, parts)]
    }
}
