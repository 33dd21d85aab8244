// Every search tunable once, in the order in which FT.CONFIG GET * lists them.

extension SettingsCatalog {
    private static let garbage =
        "dead documents are dropped by merging, which needs no forked collector and watches its own thresholds"
    private static let indexing = "existing documents are indexed in bursts between other commands, without pauses"
    private static let structures = "the index has no structure that this would choose"
    private static let ring = "a node of its own has no coordinator"
    private static let workers = "long queries run on one worker thread for each core"

    static let search: [Setting] =
        [
            .kept(
                "search-ext-load", ["EXTLOAD"], .text, .text(nil), effect: .fixed("extensions cannot be loaded"),
                immutable: true, "Library with more scorers and expanders to load"),
            .kept(
                "search-no-gc", ["NOGC"], .boolean, .boolean(false), effect: .fixed(garbage), immutable: true,
                "Never collect what deleted documents leave behind"),
            .integer(
                "search-min-prefix", ["MINPREFIX"], \.search.minPrefix, 1...Int.max,
                "Shortest prefix that a query may expand"),
            .integer(
                "search-min-stem-len", ["MINSTEMLEN"], \.search.minStemLength, 0...Int.max,
                refusal: { if case .integer(..<2) = $0 { "Minimum stem length cannot be lower than 2" } else { nil } },
                "Words shorter than this are not stemmed"),
            .kept(
                "search-fork-gc-sleep-before-exit", ["FORKGC_SLEEP_BEFORE_EXIT"], .integer(0...Int.max), .integer(0),
                effect: .compatible(garbage), "Seconds a forked collector sleeps before it ends (tests only)"),
            .kept(
                "search-max-doctablesize", ["MAXDOCTABLESIZE"], .integer(1...100_000_000), .integer(1_000_000),
                effect: .fixed(structures), immutable: true, "Buckets of the document table"),
            .limit(
                "search-max-search-results", ["MAXSEARCHRESULTS"], \.search.maxSearchResults, 0...Int.max,
                "Most results that FT.SEARCH gives"),
            .limit(
                "search-max-aggregate-results", ["MAXAGGREGATERESULTS"], \.search.maxAggregateResults, 0...Int.max,
                "Most results that FT.AGGREGATE gives"),
            .integer(
                "search-max-prefix-expansions", ["MAXEXPANSIONS", "MAXPREFIXEXPANSIONS"], \.search.maxExpansions,
                1...Int.max, "Most terms that a prefix, suffix, infix, pattern or fuzzy term expands to"),
            .integer(
                "search-timeout", ["TIMEOUT"], \.search.timeout, 0...Int.max,
                "Milliseconds a query may take; 0 is no limit"),
            .kept(
                "search-friso-ini", ["FRISOINI"], .text, .text(nil),
                effect: .fixed("Chinese text is segmented by the built-in dictionary"), immutable: true,
                "Configuration file of the Chinese dictionary"),
            .choice(
                "search-on-timeout", ["ON_TIMEOUT"], \.search.onTimeout,
                "What a query does when its time is over: give what it has (return) or an error (fail)"),
            .kept(
                "search-gc-scan-size", ["GCSCANSIZE"], .integer(1...Int.max), .integer(100), effect: .fixed(garbage),
                immutable: true, "Documents looked at in one step of collecting"),
            .integer(
                "search-min-phonetic-term-len", ["MIN_PHONETIC_TERM_LEN"], \.search.minPhoneticTermLength, 1...Int.max,
                "Words shorter than this are not matched by sound"),
            .kept(
                "search-gc-policy", ["GC_POLICY"], .choice(["fork"]), .text("fork"), effect: .fixed(garbage),
                immutable: true, "Kind of collector"),
            .kept(
                "search-fork-gc-run-interval", ["FORK_GC_RUN_INTERVAL"], .integer(1...Int.max), .integer(30),
                effect: .compatible(garbage), "Seconds between two runs of the collector"),
            .kept(
                "search-fork-gc-clean-threshold", ["FORK_GC_CLEAN_THRESHOLD"], .integer(1...Int.max), .integer(100),
                effect: .compatible(garbage), "Deleted documents from which a run of the collector is worth its while"),
            .kept(
                "search-fork-gc-retry-interval", ["FORK_GC_RETRY_INTERVAL"], .integer(1...Int.max), .integer(5),
                effect: .compatible(garbage), "Seconds until a failed run of the collector is tried again"),
            .kept(
                "search-fork-gc-clean-numeric-empty-nodes",
                ["FORK_GC_CLEAN_NUMERIC_EMPTY_NODES", "_FORK_GC_CLEAN_NUMERIC_EMPTY_NODES"], .boolean, .boolean(true),
                effect: .compatible(garbage), "The collector drops empty numeric ranges"),
            .kept(
                "search-union-iterator-heap", ["UNION_ITERATOR_HEAP"], .integer(1...Int.max), .integer(20),
                effect: .compatible("the way to merge a union is chosen for each block"),
                "Branches from which a union is merged by a heap"),
            .integer(
                "search-cursor-max-idle", ["CURSOR_MAX_IDLE"], \.search.cursorMaxIdle, 1...Int.max,
                "Milliseconds of silence after which a cursor may be closed: default and upper bound of MAXIDLE"),
            .kept(
                "search-no-mem-pools", ["NO_MEM_POOLS"], .boolean, .boolean(false), effect: .fixed(structures),
                immutable: true, "Do without memory pools"),
            .kept(
                "search-partial-indexed-docs", ["PARTIAL_INDEXED_DOCS"], .boolean, .boolean(false),
                effect: .fixed("a write that touches no indexed field never indexes a document anew"), immutable: true,
                "Index a hash anew only when an indexed field changes"),
            .kept(
                "search-upgrade-index", ["UPGRADE_INDEX"], .text, .text("Upgrade config for upgrading"),
                effect: .fixed("indexes of 1.x cannot be read"), immutable: true, "Upgrades an index of version 1.x"),
            .kept(
                "search-_numeric-compress", ["_NUMERIC_COMPRESS"], .boolean, .boolean(false),
                effect: .fixed("numbers are kept in full precision"), "Keep numbers as single-precision floats"),
            .kept(
                "search-_free-resource-on-thread", ["_FREE_RESOURCE_ON_THREAD"], .boolean, .boolean(true),
                effect: .compatible(structures), "Free what indexes leave behind on another thread"),
            .boolean(
                "search-_print-profile-clock", ["_PRINT_PROFILE_CLOCK"], \.search.printProfileClock,
                "FT.PROFILE shows times"),
            .kept(
                "search-raw-docid-encoding", ["RAW_DOCID_ENCODING"], .boolean, .boolean(false),
                effect: .fixed(structures), immutable: true, "Keep document ids uncompressed"),
            .kept(
                "search-_numeric-ranges-parents", ["_NUMERIC_RANGES_PARENTS"], .integer(0...Int.max), .integer(0),
                effect: .compatible("numbers are kept in one sorted column"),
                refusal: {
                    if case .integer(3...) = $0 {
                        "Max depth for range cannot be higher than max depth for balance"
                    } else {
                        nil
                    }
                }, "Generations of ranges that a numeric tree keeps above its leaves"),
            .integer(
                "search-default-dialect", ["DEFAULT_DIALECT"], \.search.defaultDialect, 1...Int.max,
                refusal: {
                    if case .integer(5...) = $0 { "Default dialect version cannot be higher than 4" } else { nil }
                }, "Query dialect of commands that name none"),
            .integer(
                "search-vss-max-resize", ["VSS_MAX_RESIZE"], \.search.vssMaxResize, 0...Int.max,
                effect: .fixed("there are no vector fields yet"),
                "Bytes a vector index may grow at a time; 0 is no limit"),
            .integer(
                "search-multi-text-slop", ["MULTI_TEXT_SLOP"], \.search.multiTextSlop, 1...Int.max,
                effect: .fixed("there are no multi-value attributes yet"), immutable: true,
                "Positions between the values of a multi-value TEXT attribute, which phrases cannot span"),
            .kept(
                "search-bg-index-sleep-gap", ["BG_INDEX_SLEEP_GAP"], .integer(1...Int.max), .integer(100),
                effect: .fixed(indexing), immutable: true, "Documents indexed between two pauses of a background scan"),
            .kept(
                "search-_prioritize-intersect-union-children", ["_PRIORITIZE_INTERSECT_UNION_CHILDREN"], .boolean,
                .boolean(false), effect: .compatible("an intersection is always ordered by estimated cost"),
                "Order the parts of an intersection by the branches of their unions too"),
        ] + additions

    /// What 8.x added to the list above.
    private static let additions: [Setting] = [
        .text(
            "search-default-scorer", ["DEFAULT_SCORER"], \.search.defaultScorer,
            choices: [
                "BM25STD", "BM25STD.NORM", "BM25STD.TANH", "BM25", "TFIDF", "TFIDF.DOCNORM", "DISMAX", "DOCSCORE",
                "HAMMING",
            ], "Scorer of queries that name none"),
        .boolean(
            "search-bm25std-legacy", [], \.search.bm25StdLegacy,
            "BM25STD as 2.10 computes it: b = 0.5, weights of terms not honored"),
        .integer(
            "search-bm25std-tanh-factor", ["BM25STD_TANH_FACTOR"], \.search.bm25StdTanhFactor, 1...10_000,
            "Factor that stretches scores before BM25STD.TANH maps them into 0 to 1"),
        .integer(
            "search-index-cursor-limit", ["INDEX_CURSOR_LIMIT"], \.search.indexCursorLimit, 0...Int.max,
            "Most open cursors of one index"),
        .kept(
            "search-on-oom", ["ON_OOM"], .choice(MemoryPolicy.allCases.map(\.rawValue)), .text("return"),
            effect: .fixed("queries are not refused for memory yet"), "What a query does when memory is short"),
        .kept("search-workers", ["WORKERS"], .integer(0...16), .integer(0), effect: .fixed(workers), "Worker threads"),
        .kept(
            "search-min-operation-workers", ["MIN_OPERATION_WORKERS"], .integer(0...16), .integer(4),
            effect: .fixed(workers), "Worker threads while vectors are indexed"),
        .kept(
            "search-workers-priority-bias-threshold", ["WORKERS_PRIORITY_BIAS_THRESHOLD"], .integer(0...Int.max),
            .integer(1), effect: .fixed(workers), immutable: true, "Urgent jobs that go before others"),
        .kept(
            "search-tiered-hnsw-buffer-limit", ["TIERED_HNSW_BUFFER_LIMIT"], .integer(0...Int.max), .integer(1024),
            effect: .fixed(structures), immutable: true, "Vectors that wait to be put into an HNSW graph"),
        .kept(
            "search-bg-index-sleep-duration-us", ["BG_INDEX_SLEEP_DURATION_US"], .integer(1...999_999), .integer(1),
            effect: .compatible(indexing), "Microseconds a background scan pauses"),
        .kept(
            "search-_bg-index-mem-pct-thr", ["_BG_INDEX_MEM_PCT_THR"], .integer(0...100), .integer(100),
            effect: .compatible(indexing), "Percent of memory at which a background scan stops"),
        .kept(
            "search-_bg-index-oom-pause-time", ["_BG_INDEX_OOM_PAUSE_TIME"], .integer(0...Int.max), .integer(0),
            effect: .compatible(indexing), "Seconds a background scan waits for memory"),
        .kept(
            "search-indexer-yield-every-ops", ["INDEXER_YIELD_EVERY_OPS"], .integer(1...Int.max), .integer(1000),
            effect: .compatible(indexing), "Operations of loading between two looks at clients"),
        .kept(
            "search-enable-unstable-features", ["ENABLE_UNSTABLE_FEATURES"], .boolean, .boolean(false),
            effect: .fixed("there is no unstable feature to enable"), "Offer what is not finished"),
        .kept(
            "search-threads", ["SEARCH_THREADS"], .integer(1...Int.max), .integer(20), effect: .fixed(ring),
            immutable: true, "Threads of the coordinator"),
        .kept(
            "search-io-threads", ["SEARCH_IO_THREADS"], .integer(1...Int.max), .integer(1), effect: .fixed(ring),
            immutable: true, "Network threads of the coordinator"),
        .kept(
            "search-conn-per-shard", ["CONN_PER_SHARD"], .integer(0...Int.max), .integer(0),
            effect: .compatible(ring), "Connections of the coordinator to a shard"),
        .kept(
            "search-cursor-reply-threshold", ["CURSOR_REPLY_THRESHOLD"], .integer(1...Int.max), .integer(1),
            effect: .compatible(ring), "Replies the coordinator waits for before it answers a cursor"),
        .kept(
            "search-topology-validation-timeout", ["TOPOLOGY_VALIDATION_TIMEOUT"], .integer(0...Int.max),
            .integer(30_000), effect: .compatible(ring), "Milliseconds the coordinator waits for its topology"),
        .kept(
            "search-connect-timeout", ["CONNECT_TIMEOUT"], .integer(0...Int.max), .integer(10_000),
            effect: .compatible(ring), "Milliseconds the coordinator waits for a connection"),
    ]
}
