/// The schema as numbered SQL files, embedded in the binary.
public enum Migrations {
    /// One numbered file.
    public struct Migration: Sendable {
        /// Its number; files are applied in this order, without gaps from 1.
        public let number: Int
        /// The file's name, such as `001_outbox.sql`.
        public let name: String
        /// What it holds.
        public let sql: [UInt8]
        /// The oldest schema whose programs go on working with what it makes: its own number where none but those that know it do, one
        /// less where it only adds what they leave alone. PostgreSQL's alone: a file has one engine.
        public let oldest: Int

        /// A migration by its parts.
        public init(number: Int, name: String, sql: [UInt8], oldest: Int? = nil) {
            self.number = number
            self.name = name
            self.sql = sql
            self.oldest = oldest ?? number
        }
    }

    /// The files for SQLite. The package manager turns a leading digit into `_`, so `001_…` and `101_…` would collide.
    /// Embedded resources cannot be listed, so they are named here; a test compares the list with the folder.
    public static let sqlite: [Migration] = [
        Migration(number: 1, name: "001_outbox.sql", sql: PackageResources._01_outbox_sql),
        Migration(number: 2, name: "002_mail.sql", sql: PackageResources._02_mail_sql),
        Migration(number: 3, name: "003_clauses.sql", sql: PackageResources._03_clauses_sql),
        Migration(number: 4, name: "004_schedule.sql", sql: PackageResources._04_schedule_sql),
        Migration(number: 5, name: "005_throttle.sql", sql: PackageResources._05_throttle_sql),
        Migration(number: 6, name: "006_branch.sql", sql: PackageResources._06_branch_sql),
        Migration(number: 7, name: "007_resend.sql", sql: PackageResources._07_resend_sql),
        Migration(number: 8, name: "008_endpoint.sql", sql: PackageResources._08_endpoint_sql),
        Migration(number: 9, name: "009_access.sql", sql: PackageResources._09_access_sql),
        Migration(number: 10, name: "010_traceparent.sql", sql: PackageResources._10_traceparent_sql),
        Migration(number: 11, name: "011_replay.sql", sql: PackageResources._11_replay_sql),
        Migration(number: 12, name: "012_key_maker.sql", sql: PackageResources._12_key_maker_sql),
        Migration(number: 13, name: "013_statistics.sql", sql: PackageResources._13_statistics_sql),
        Migration(number: 14, name: "014_idempotency.sql", sql: PackageResources._14_idempotency_sql),
        Migration(number: 15, name: "015_health.sql", sql: PackageResources._15_health_sql),
        Migration(number: 16, name: "016_portal.sql", sql: PackageResources._16_portal_sql),
        Migration(number: 17, name: "017_changes.sql", sql: PackageResources._17_changes_sql),
        Migration(number: 18, name: "018_order.sql", sql: PackageResources._18_order_sql),
        Migration(number: 19, name: "019_endpoint_health.sql", sql: PackageResources._19_endpoint_health_sql),
        Migration(number: 20, name: "020_event_headers.sql", sql: PackageResources._20_event_headers_sql),
        Migration(number: 21, name: "021_jobs.sql", sql: PackageResources._21_jobs_sql),
        Migration(number: 22, name: "022_lag.sql", sql: PackageResources._22_lag_sql),
        Migration(number: 23, name: "023_own_events.sql", sql: PackageResources._23_own_events_sql),
        Migration(number: 24, name: "024_job_filters.sql", sql: PackageResources._24_job_filters_sql),
        Migration(number: 25, name: "025_limits.sql", sql: PackageResources._25_limits_sql),
        Migration(number: 26, name: "026_payloads.sql", sql: PackageResources._26_payloads_sql),
        Migration(number: 27, name: "027_success.sql", sql: PackageResources._27_success_sql),
        Migration(number: 28, name: "028_disabling.sql", sql: PackageResources._28_disabling_sql),
        Migration(number: 29, name: "029_shares.sql", sql: PackageResources._29_shares_sql),
    ]

    /// The files for PostgreSQL. Their names differ from those for SQLite, since both are embedded in one module.
    public static let postgreSQL: [Migration] = [
        Migration(number: 1, name: "001_postgres_outbox.sql", sql: PackageResources._01_postgres_outbox_sql),
        Migration(number: 2, name: "002_postgres_portal.sql", sql: PackageResources._02_postgres_portal_sql),
        Migration(number: 3, name: "003_postgres_changes.sql", sql: PackageResources._03_postgres_changes_sql),
        Migration(number: 4, name: "004_postgres_order.sql", sql: PackageResources._04_postgres_order_sql),
        Migration(number: 5, name: "005_postgres_health.sql", sql: PackageResources._05_postgres_health_sql),
        Migration(number: 6, name: "006_postgres_event_headers.sql", sql: PackageResources._06_postgres_event_headers_sql),
        Migration(number: 7, name: "007_postgres_jobs.sql", sql: PackageResources._07_postgres_jobs_sql),
        Migration(number: 8, name: "008_postgres_lag.sql", sql: PackageResources._08_postgres_lag_sql),
        Migration(number: 9, name: "009_postgres_own_events.sql", sql: PackageResources._09_postgres_own_events_sql),
        Migration(number: 10, name: "010_postgres_job_filters.sql", sql: PackageResources._10_postgres_job_filters_sql),
        Migration(number: 11, name: "011_postgres_waking.sql", sql: PackageResources._11_postgres_waking_sql),
        Migration(number: 12, name: "012_postgres_limits.sql", sql: PackageResources._12_postgres_limits_sql),
        Migration(number: 13, name: "013_postgres_payloads.sql", sql: PackageResources._13_postgres_payloads_sql),
        Migration(number: 14, name: "014_postgres_success.sql", sql: PackageResources._14_postgres_success_sql),
        Migration(number: 15, name: "015_postgres_disabling.sql", sql: PackageResources._15_postgres_disabling_sql),
        Migration(number: 16, name: "016_postgres_rolling.sql", sql: PackageResources._16_postgres_rolling_sql),
        Migration(number: 17, name: "017_postgres_lookups.sql", sql: PackageResources._17_postgres_lookups_sql, oldest: 16),
        Migration(number: 18, name: "018_postgres_shares.sql", sql: PackageResources._18_postgres_shares_sql, oldest: 16),
        Migration(number: 19, name: "019_postgres_held.sql", sql: PackageResources._19_postgres_held_sql, oldest: 16),
    ]
}
