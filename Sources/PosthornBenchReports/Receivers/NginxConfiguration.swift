/// The configuration of the nginx that a benchmark starts as its receiver: one process, everything in one folder.
package struct NginxConfiguration: Sendable {
    /// Where its files are.
    package let folder: String
    /// Where it listens, on every address.
    package let port: Int
    /// Where the program that never answers listens on 127.0.0.1.
    package let silentPort: Int
    /// Which paths lead to that program.
    package let silentPath: String
    /// The addresses of each certificate; `nil` for clear text.
    package let certificates: [[String]]?
    /// Whether it closes a connection after each answer.
    package let closes: Bool

    package init(folder: String, port: Int, silentPort: Int, silentPath: String, certificates: [[String]]?, closes: Bool) {
        self.folder = folder
        self.port = port
        self.silentPort = silentPort
        self.silentPath = silentPath
        self.certificates = certificates
        self.closes = closes
    }

    /// The file itself.
    package var path: String { "\(folder)/nginx.conf" }
    /// The Unix socket at which it says how many connections it has taken.
    package var statusSocket: String { "\(folder)/status.sock" }
    /// One line for each connection that has carried a request; see ``ConnectionCount``.
    package var connectionLog: String { "\(folder)/connections.log" }
    /// What it complains of.
    package var errorLog: String { "\(folder)/error.log" }
    /// The key of all certificates.
    package var keyFile: String { "\(folder)/server.key" }
    /// The certificate of a group of addresses.
    package func certificateFile(_ group: Int) -> String { "\(folder)/server-\(group).pem" }

    /// What the file holds.
    ///
    /// An address of its own in `listen` makes no socket of its own beside the one for all addresses; nginx looks at the
    /// connection's address to choose the certificate.
    package var text: String {
        """
        daemon off;
        master_process off;
        pid \(folder)/nginx.pid;
        error_log \(errorLog) warn;
        events { worker_connections 16384; multi_accept on; }
        http {
            map $connection_requests $is_first { 1 1; default 0; }
            log_format connection '$ssl_session_reused';
            access_log \(connectionLog) connection if=$is_first;
            client_body_temp_path \(folder)/body;
            proxy_temp_path \(folder)/proxy;
            fastcgi_temp_path \(folder)/fastcgi;
            uwsgi_temp_path \(folder)/uwsgi;
            scgi_temp_path \(folder)/scgi;
            client_max_body_size 0;
            client_body_buffer_size 64k;
            keepalive_timeout \(closes ? "0" : "1h");
            keepalive_requests 1000000000;
            ssl_protocols TLSv1.3;
            ssl_session_cache shared:sessions:32m;
            ssl_session_timeout 1h;
            server { listen unix:\(statusSocket); access_log off; location / { stub_status; } }
        \(servers.joined(separator: "\n"))
        }

        """
    }

    private var servers: [String] {
        guard let certificates else { return [server(["listen \(port) backlog=4096;"])] }
        return certificates.enumerated().map { group, addresses in
            let first = group == 0 ? ["listen \(port) ssl backlog=4096;"] : []
            let others = certificates.count == 1 ? [] : addresses.map { "listen \($0):\(port) ssl;" }
            return server(
                first + others + ["ssl_certificate \(certificateFile(group));", "ssl_certificate_key \(keyFile);"]
            )
        }
    }

    private func server(_ lines: [String]) -> String {
        """
            server {
        \(lines.map { "        \($0)" }.joined(separator: "\n"))
                location / { return 200 ok; }
                location \(silentPath) { proxy_pass http://127.0.0.1:\(silentPort); proxy_read_timeout 1h; }
            }
        """
    }
}
