// The class of every command that writes.

extension WriteClass {
    /// By lower-case name. Commands that only read are not here.
    static let rules: [String: Rule] = {
        var rules: [String: Rule] = [:]
        func add(_ rule: Rule, _ names: String) {
            for name in names.split(separator: " ") { rules[String(name)] = rule }
        }
        add(.always(.blind), "setex psetex mset del unlink hset hmset hdel")
        add(.set, "set")

        add(.always(.oneValue), "incr incrby incrbyfloat decr decrby getset getdel getex setnx msetnx")
        add(.always(.oneValue), "hincrby hincrbyfloat hsetnx hgetdel hgetex hsetex")
        add(.always(.oneValue), "expire expireat pexpire pexpireat persist restore")
        add(.always(.oneValue), "hexpire hexpireat hpexpire hpexpireat hpersist")

        add(.always(.growing), "append setrange setbit bitfield pfadd geoadd")
        add(.always(.growing), "linsert lpop lpush lpushx lrem lset ltrim rpop rpush rpushx")
        add(.always(.growing), "sadd spop srem")
        add(.always(.growing), "zadd zincrby zrem zpopmin zpopmax zremrangebylex zremrangebyrank zremrangebyscore")
        add(.always(.growing), "xadd xdel xtrim xack xclaim xautoclaim xsetid")
        add(.subcommand(["create", "createconsumer", "delconsumer", "destroy", "setid"], .growing), "xgroup")
        add(.keysBeforeLast, "blpop brpop bzpopmin bzpopmax")
        add(.countedKeys(at: 1), "lmpop zmpop")
        add(.countedKeys(at: 2), "blmpop bzmpop")
        add(.streams, "xreadgroup")

        add(.always(.group), "multi exec eval evalsha fcall")
        add(.always(.group), "sinterstore sunionstore sdiffstore zinterstore zunionstore zdiffstore zrangestore")
        add(.always(.group), "bitop pfmerge geosearchstore")
        add(.storeOption, "sort georadius georadiusbymember")

        add(.always(.move), "rename renamenx copy lmove blmove rpoplpush brpoplpush smove")

        add(.always(.ring), "flushall flushdb")
        add(.subcommand(["load", "flush"], .ring), "script")
        add(.subcommand(["load", "delete", "flush", "restore"], .ring), "function")
        return rules
    }()
}
