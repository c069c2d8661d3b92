/// Every route of the API.
enum APIRoutes {
    static func all(_ parts: APIParts) -> [Route] {
        let routes =
            EventRoutes.all(parts) + EventTypeRoutes.all + RecipientRoutes.all + DeliveryRoutes.all + ReplayRoutes.all
            + EndpointRoutes.all(parts)
            + NodeRoutes.all
            + KeyRoutes.all(parts) + StatusRoutes.all(parts) + ProblemRoutes.all(parts)
        return routes + [DocumentRoutes.openAPI(routes, parts)]
    }
}
