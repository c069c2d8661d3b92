/// Every route of the API.
enum APIRoutes {
    /// - Parameter metrics: The route that answers scrapes.
    static func all(_ parts: APIParts, _ metrics: Route) -> [Route] {
        let routes =
            EventRoutes.all(parts) + EventTypeRoutes.all + RecipientRoutes.all + DeliveryRoutes.all + LaneRoutes.all + BulkRoutes.all
            + ReplayRoutes.all
            + EndpointRoutes.all(parts) + StatisticsRoutes.all + NodeRoutes.all
            + KeyRoutes.all(parts) + PortalRoutes.all(parts) + ChangeRoutes.all + [AccessRoutes.own] + StatusRoutes.all(parts)
            + StreamRoutes.all(parts) + BackupRoutes.all(parts.options.backups)
            + ProblemRoutes.all(parts)
            + [metrics]
        return routes + [DocumentRoutes.openAPI(routes, parts)]
    }
}
