// What stands in each section of INFO.

import Glibc
import RESP
import Settings

enum InfoSections {
    typealias Lines = InfoCommand.Lines

    static func server(_ services: Services) -> Lines {
        let server = services.server
        let identity = server.identity
        let uptime = Int((Clock.monotonic() &- server.started) / 1_000_000_000)
        return [
            ("redis_version", HelloReply.storeVersion(services)), ("redis_mode", "standalone"),
            ("ringsearch_version", identity.version), ("git_sha", identity.commit),
            ("build_mode", identity.buildMode), ("os", ProcessFigures.systemName()), ("arch_bits", "64"),
            ("multiplexing_api", "epoll"), ("process_id", String(getpid())), ("run_id", server.runID),
            ("tcp_port", String(identity.port)), ("server_time_usec", String(Clock.wallMicroseconds())),
            ("uptime_in_seconds", String(uptime)), ("uptime_in_days", String(uptime / 86_400)), ("hz", "1"),
            ("executable", identity.executable), ("config_file", identity.configurationFile),
            ("config_reload_status", identity.configurationStatus),
        ]
    }

    static func clients(_ services: Services) -> Lines {
        let statistics = services.server.statistics
        let all = services.server.clients.all()
        return [
            ("connected_clients", String(all.count)), ("maxclients", String(services.settings.server.maxClients)),
            ("client_recent_max_input_buffer", String(statistics.total(.largestInput))),
            ("client_recent_max_output_buffer", String(statistics.total(.largestOutput))),
            ("blocked_clients", String(all.count { $0.flags.contains(.blocked) })),
            ("tracking_clients", "0"), ("pubsub_clients", "0"),
            ("watching_clients", String(all.count { $0.flags.contains(.watching) })),
            ("slow_readers_ended", String(statistics.total(.slowReadersEnded))),
            ("limit_hits", String(statistics.total(.limitHits))),
        ]
    }

    static func memory(_ services: Services) -> Lines {
        let memory = ProcessFigures.now()
        let store = services.store.information()
        let buffers = services.server.clients.all().reduce(0) {
            $0 + $1.inputBytes.load(ordering: .relaxed) + $1.outputBytes.load(ordering: .relaxed)
        }
        return [
            ("used_memory", String(memory.allocated)), ("used_memory_human", ProcessFigures.human(memory.allocated)),
            ("used_memory_rss", String(memory.resident)),
            ("used_memory_rss_human", ProcessFigures.human(memory.resident)),
            ("used_memory_peak", String(memory.peak)),
            ("used_memory_peak_human", ProcessFigures.human(memory.peak)),
            ("used_memory_dataset", store["used_memory_dataset"] ?? "0"),
            ("used_memory_store", store["used_memory"] ?? "0"),
            ("used_memory_store_rss", store["used_memory_rss"] ?? "0"),
            ("total_system_memory", String(ProcessFigures.totalMemory())),
            ("total_system_memory_human", ProcessFigures.human(ProcessFigures.totalMemory())),
            ("maxmemory", "0"), ("maxmemory_human", "0B"), ("maxmemory_policy", "noeviction"),
            ("mem_clients_normal", String(buffers)),
            (
                "mem_fragmentation_ratio",
                ProcessFigures.fixed(Double(memory.resident) / Double(max(memory.allocated, 1)))
            ),
            ("mem_allocator", "libc"),
        ] + services.server.extraInfo(for: "memory")
    }

    static func persistence(_ services: Services) -> Lines {
        let store = services.store.information()
        let isLoading = !services.store.isReachable
        // The store's own, for it is the store that keeps documents.
        let inherited = [
            "rdb_changes_since_last_save", "rdb_bgsave_in_progress", "rdb_last_save_time", "rdb_last_bgsave_status",
            "aof_enabled", "aof_rewrite_in_progress", "aof_rewrite_scheduled", "aof_last_bgrewrite_status",
            "aof_last_write_status",
        ]
        return [("loading", isLoading ? "1" : "0"), ("async_loading", "0")]
            + inherited.map { ($0, store[$0] ?? ($0.hasSuffix("status") ? "ok" : "0")) }
            + services.server.extraInfo(for: "persistence")
    }

    static func statistics(_ services: Services) -> Lines {
        let statistics = services.server.statistics
        let rates = statistics.rates()
        let store = services.store.information()
        return [
            ("total_connections_received", String(statistics.total(.connections))),
            ("total_commands_processed", String(statistics.total(.commands))),
            ("instantaneous_ops_per_sec", String(Int(rates.commands))),
            ("total_net_input_bytes", String(statistics.total(.inputBytes))),
            ("total_net_output_bytes", String(statistics.total(.outputBytes))),
            ("instantaneous_input_kbps", ProcessFigures.fixed(rates.input / 1024)),
            ("instantaneous_output_kbps", ProcessFigures.fixed(rates.output / 1024)),
            ("rejected_connections", String(statistics.total(.rejectedConnections))),
            ("expired_keys", store["expired_keys"] ?? "0"), ("evicted_keys", store["evicted_keys"] ?? "0"),
            ("keyspace_hits", store["keyspace_hits"] ?? "0"), ("keyspace_misses", store["keyspace_misses"] ?? "0"),
            ("pubsub_channels", "0"), ("pubsub_patterns", "0"),
            ("total_error_replies", String(statistics.total(.errors))),
            ("acl_access_denied_auth", String(statistics.total(.authenticationFailures))),
            ("acl_access_denied_cmd", "0"), ("acl_access_denied_key", "0"),
            ("slowlog_len", String(services.server.slowLog.count)),
        ] + services.server.extraInfo(for: "stats")
    }

    static func replication(_ services: Services) -> Lines {
        [
            ("role", "master"), ("connected_slaves", "0"), ("master_replid", services.server.runID),
            ("master_repl_offset", "0"),
        ]
            + services.server.extraInfo(for: "replication")
    }

    static func processor(_ services: Services) -> Lines {
        let time = ProcessFigures.processorTime()
        return [
            ("used_cpu_sys", ProcessFigures.fixed(time.system)), ("used_cpu_user", ProcessFigures.fixed(time.user)),
        ]
    }

    static func modules(_ services: Services) -> Lines {
        services.server.modules.map {
            (
                "module",
                "name=\($0.name),ver=\($0.version),api=1,filters=0,usedby=[],using=[],options=[handle-io-errors]"
            )
        }
    }

    static func keyspace(_ services: Services) -> Lines {
        let store = services.store.information()
        if let line = store["db0"] { return [("db0", line)] }
        guard let size = store["dbsize"], size != "0" else { return [] }
        return [("db0", "keys=\(size),expires=0,avg_ttl=0")]
    }

    // MARK: search

    static func search(_ services: Services) -> Lines {
        let engine = services.search
        let indexes = engine.indexNames.compactMap { engine.find($0) }
        let table = services.server.table
        let queries = ["ft.search", "ft.aggregate", "ft.hybrid"].compactMap { table.position(of: $0) }
        let usage = services.server.statistics.usage().filter { queries.contains($0.command) }.map(\.usage)
        let calls = usage.reduce(0) { $0 + $1.calls }
        let settings = services.settings.search
        let dialects = (1...4).map { dialect in
            ("search_dialect_\(dialect)", indexes.contains { $0.hasUsedDialect(dialect) } ? "1" : "0")
        }
        return [
            ("search_version", services.server.identity.version),
            ("search_redis_version", HelloReply.storeVersion(services)),
            ("search_number_of_indexes", String(indexes.count)),
            ("search_number_of_active_indexes_indexing", String(indexes.count { $0.scanProgress != nil })),
            ("search_total_num_docs_in_indexes", String(indexes.reduce(0) { $0 + $1.snapshot.documentCount })),
            (
                "search_total_indexing_time",
                ProcessFigures.fixed(indexes.reduce(0) { $0 + $1.indexingMilliseconds })
            ),
            ("search_total_queries_processed", String(calls - usage.reduce(0) { $0 + $1.failed })),
            ("search_total_query_commands", String(calls)),
            (
                "search_total_query_execution_time_ms",
                String(usage.reduce(0) { $0 + $1.nanoseconds } / 1_000_000)
            ),
            ("search_errors_indexing_failures", String(indexes.reduce(0) { $0 + $1.failureRecord.count })),
        ] + dialects + [
            ("search_minimal_term_prefix", String(settings.minPrefix)),
            ("search_minimal_stem_length", String(settings.minStemLength)),
            ("search_maximal_prefix_expansions", String(settings.maxExpansions)),
            ("search_query_timeout_ms", String(settings.timeout)),
            ("search_timeout_policy", settings.onTimeout.rawValue),
            ("search_cursor_max_idle_time", String(settings.cursorMaxIdle)),
            ("search_max_search_results", String(settings.maxSearchResults ?? -1)),
            ("search_max_aggregate_results", String(settings.maxAggregateResults ?? -1)),
            ("search_min_phonetic_term_length", String(settings.minPhoneticTermLength)),
        ] + services.server.extraInfo(for: "search")
    }

    // MARK: per command

    static func commandStatistics(_ services: Services) -> Lines {
        let table = services.server.table
        return services.server.statistics.usage().map { command, usage in
            let microseconds = usage.nanoseconds / 1000
            let mean = usage.calls > 0 ? Double(usage.nanoseconds) / 1000 / Double(usage.calls) : 0
            return (
                "cmdstat_\(table.commands[command].name)",
                "calls=\(usage.calls),usec=\(microseconds),usec_per_call=\(ProcessFigures.fixed(mean))"
                    + ",rejected_calls=\(usage.rejected),failed_calls=\(usage.failed)"
            )
        }
    }

    static func errorStatistics(_ services: Services) -> Lines {
        services.server.statistics.errors().map { ("errorstat_\($0.prefix)", "count=\($0.count)") }
    }

    static func latencyStatistics(_ services: Services) -> Lines {
        let table = services.server.table
        return services.server.statistics.usage().filter { $0.usage.calls > 0 }.map { command, usage in
            let text = { (fraction: Double) in ProcessFigures.fixed(usage.percentile(fraction)) }
            return (
                "latency_percentiles_usec_\(table.commands[command].name)",
                "p50=\(text(0.5)),p99=\(text(0.99)),p99.9=\(text(0.999))"
            )
        }
    }
}
