// At least one call of every command of the table, options that change the reply's shape included. Run in this order
// on an empty server each line answers the same every time, but for those marked as varying.

enum CommandLines {
    /// Replies that hold times, sizes or random things: compared with digits and texts left out.
    static let varying: Set<String> = [
        "time", "lastsave", "memory", "lolwut", "function stats", "xinfo", "pttl", "hpttl", "dump", "expiretime",
        "pexpiretime",
        "object", "bgsave", "bgrewriteaof", "xautoclaim", "xpending", "xclaim", "xadd-auto",
    ]

    static let lines = """
        SET s hello
        SET s hello XX GET
        SET s2 x NX GET
        SET s nope NX
        SET s hi KEEPTTL
        GET s
        GET none
        APPEND s there
        STRLEN s
        GETRANGE s 0 1
        SUBSTR s 0 1
        SETRANGE s 0 HI
        GETSET s other
        GETEX s EX 100
        GETEX none
        SETEX e 100 v
        PSETEX e 100000 v
        SETNX s v
        SETNX s3 v
        GETDEL s3
        GETDEL s3
        INCR n
        DECR n
        INCRBY n 10
        DECRBY n 3
        INCRBYFLOAT f 1.5
        MSET a ohmytext b mynewtext c 3
        MSETNX a 1 d 2
        MGET a none c
        LCS a b
        LCS a b LEN
        LCS a b IDX
        LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN
        HSET h f1 v1 f2 v2 f3 3
        HMSET h f4 v4
        HGETALL h
        HGETALL none
        HGET h f1
        HGET h none
        HMGET h f1 none
        HKEYS h
        HVALS h
        HLEN h
        HEXISTS h f1
        HSTRLEN h f1
        HINCRBY h f3 4
        HINCRBYFLOAT h f3 0.5
        HSETNX h f1 x
        HSETNX h f5 x
        HDEL h f5 f4 none
        HSET one f v
        HRANDFIELD one
        HRANDFIELD none
        HRANDFIELD one 1
        HRANDFIELD one 1 WITHVALUES
        HRANDFIELD one -2 WITHVALUES
        HRANDFIELD none 1 WITHVALUES
        HSCAN h 0
        HEXPIRE h 100 FIELDS 1 f1
        HPEXPIRE h 100000 FIELDS 1 f1
        HEXPIREAT h 5000000000 FIELDS 1 f1
        HPEXPIREAT h 5000000000000 FIELDS 1 f1
        HTTL h FIELDS 2 f1 none
        HPTTL h FIELDS 1 f2
        HEXPIRETIME h FIELDS 1 f1
        HPEXPIRETIME h FIELDS 1 f1
        HPERSIST h FIELDS 1 f1
        HGETDEL h FIELDS 1 f9
        HGETEX h FIELDS 1 f1
        HSETEX h FIELDS 1 f8 v
        RPUSH l a b c a
        LPUSH l z
        LPUSHX l y
        LPUSHX none y
        RPUSHX l x
        LRANGE l 0 -1
        LRANGE none 0 -1
        LLEN l
        LINDEX l 0
        LINDEX l 99
        LINSERT l BEFORE a q
        LSET l 0 w
        LREM l 1 a
        LTRIM l 0 10
        LPOS l a
        LPOS l none
        LPOS l a COUNT 0
        LPOP l
        LPOP l 2
        LPOP none
        LPOP none 2
        RPOP l
        RPOP l 1
        RPOP none
        LMOVE l l2 LEFT RIGHT
        LMOVE none l2 LEFT RIGHT
        RPOPLPUSH l l2
        RPOPLPUSH none l2
        LMPOP 1 l2 LEFT
        LMPOP 1 none LEFT
        RPUSH l3 a b c d e f g h
        BLPOP l3 1
        BRPOP none l3 1
        BLPOP none 0.01
        BLMOVE l3 l4 LEFT LEFT 1
        BLMOVE none l4 LEFT LEFT 0.01
        BRPOPLPUSH l3 l4 1
        BRPOPLPUSH none l4 0.01
        BLMPOP 1 1 l3 LEFT COUNT 2
        BLMPOP 0.01 1 none LEFT
        SADD t a
        SADD t2 a
        SADD t3 b
        SMEMBERS t
        SMEMBERS none
        SCARD t
        SISMEMBER t a
        SMISMEMBER t a b
        SDIFF t t3
        SINTER t t2
        SUNION t t2
        SINTERCARD 2 t t2
        SDIFFSTORE t4 t t3
        SINTERSTORE t5 t t2
        SUNIONSTORE t6 t t2
        SMOVE t6 t7 a
        SRANDMEMBER t
        SRANDMEMBER none
        SRANDMEMBER t 1
        SRANDMEMBER t -2
        SRANDMEMBER none 2
        SSCAN t 0
        SPOP t7
        SPOP t7
        SPOP t5 1
        SPOP t5 1
        SREM t4 a
        ZADD z 1 a 2.5 b 3 c 1e20 d inf e
        ZADD z CH 2 a
        ZADD z INCR 1 a
        ZADD z NX INCR 1 a
        ZADD z XX GT CH INCR 0.25 b
        ZCARD z
        ZCOUNT z 1 3
        ZSCORE z b
        ZSCORE z e
        ZSCORE z none
        ZMSCORE z a none
        ZINCRBY z 1.25 b
        ZRANGE z 0 -1
        ZRANGE z 0 -1 WITHSCORES
        ZRANGE z 1 3 BYSCORE WITHSCORES LIMIT 0 2
        ZRANGE none 0 -1 WITHSCORES
        ZREVRANGE z 0 -1 WITHSCORES
        ZRANGEBYSCORE z -inf +inf WITHSCORES
        ZREVRANGEBYSCORE z +inf -inf WITHSCORES LIMIT 0 1
        ZREVRANGEBYSCORE z +inf -inf
        ZRANGEBYLEX z - +
        ZREVRANGEBYLEX z + -
        ZLEXCOUNT z - +
        ZRANK z a
        ZRANK z none
        ZRANK z a WITHSCORE
        ZREVRANK z a
        ZREVRANK z none WITHSCORE
        ZRANGESTORE z2 z 0 1
        ZADD z1 5 only
        ZRANDMEMBER z1
        ZRANDMEMBER none
        ZRANDMEMBER z1 1
        ZRANDMEMBER z1 1 WITHSCORES
        ZRANDMEMBER z1 -2 WITHSCORES
        ZRANDMEMBER none 1 WITHSCORES
        ZDIFF 2 z z1
        ZDIFF 2 z z1 WITHSCORES
        ZINTER 2 z z2 WITHSCORES
        ZUNION 2 z z1
        ZUNION 2 z z1 WITHSCORES
        ZUNION 2 withscores z
        ZINTERCARD 2 z z2
        ZDIFFSTORE z3 2 z z1
        ZINTERSTORE z4 2 z z2
        ZUNIONSTORE z5 2 z z1 WEIGHTS 2 1
        ZSCAN z 0
        ZPOPMIN z5
        ZPOPMAX z5
        ZPOPMIN z5 2
        ZPOPMAX z5 1
        ZPOPMIN none
        ZPOPMIN none 2
        ZMPOP 1 z4 MIN COUNT 2
        ZMPOP 1 none MIN
        BZPOPMIN z3 1
        BZPOPMAX z3 1
        BZPOPMIN none 0.01
        BZMPOP 1 1 z3 MAX
        BZMPOP 0.01 1 none MAX
        ZREM z a
        ZREMRANGEBYLEX z [b [b
        ZREMRANGEBYSCORE z 3 3
        ZREMRANGEBYRANK z 0 0
        XADD x 1-1 f v g w
        XADD x 2-1 f v
        XADD x NOMKSTREAM 3-1 f v
        XLEN x
        XRANGE x - +
        XREVRANGE x + - COUNT 1
        XREAD STREAMS x none 0 0
        XREAD COUNT 1 STREAMS none 0
        XREAD BLOCK 10 STREAMS x $
        XREAD BLOCK 10 STREAMS x 0
        XGROUP CREATE x g 0
        XGROUP CREATECONSUMER x g c
        XREADGROUP GROUP g c COUNT 2 STREAMS x >
        XREADGROUP GROUP g c STREAMS x >
        XREADGROUP GROUP g c BLOCK 10 STREAMS x >
        XPENDING x g
        XPENDING x g - + 10
        XINFO STREAM x
        XINFO STREAM x FULL
        XINFO GROUPS x
        XINFO CONSUMERS x g
        XINFO STREAM none
        XCLAIM x g c2 0 1-1
        XCLAIM x g c2 0 1-1 JUSTID
        XAUTOCLAIM x g c3 0 0
        XACK x g 1-1
        XDEL x 1-1
        XSETID x 9-9
        XTRIM x MAXLEN 1
        XGROUP DELCONSUMER x g c
        XGROUP SETID x g 0
        XGROUP DESTROY x g
        XGROUP HELP
        SETBIT b1 7 1
        GETBIT b1 7
        BITCOUNT b1
        BITPOS b1 1
        BITOP NOT b2 b1
        BITFIELD b1 SET u8 0 255 GET u4 0 OVERFLOW FAIL INCRBY u2 100 3
        BITFIELD_RO b1 GET u8 0
        PFADD p a b c
        PFCOUNT p
        PFMERGE p2 p
        GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
        GEODIST g Palermo Catania
        GEODIST g Palermo none
        GEOHASH g Palermo none
        GEOPOS g Palermo none
        GEOPOS none Palermo
        GEORADIUS g 15 37 200 km WITHDIST WITHCOORD WITHHASH ASC
        GEORADIUS g 15 37 200 km ASC
        GEORADIUS g 15 37 200 km STORE g2
        GEORADIUS_RO g 15 37 200 km WITHCOORD ASC
        GEORADIUSBYMEMBER g Palermo 200 km WITHDIST ASC
        GEORADIUSBYMEMBER g Palermo 200 km STOREDIST g3
        GEORADIUSBYMEMBER_RO g Palermo 200 km WITHHASH ASC
        GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHCOORD WITHDIST
        GEOSEARCH g FROMMEMBER Palermo BYBOX 400 400 km ASC
        GEOSEARCHSTORE g4 g FROMLONLAT 15 37 BYRADIUS 200 km
        EXISTS s none
        TYPE h
        TOUCH s none
        TTL s
        TTL none
        PTTL s
        EXPIRE s 100
        PEXPIRE s 100000
        EXPIREAT s 5000000000
        PEXPIREAT s 5000000000000
        EXPIRETIME s
        PEXPIRETIME s
        PERSIST s
        COPY s s9
        RENAME s9 s8
        RENAMENX s8 s7
        RENAME none x
        DUMP s7
        DUMP none
        RESTORE r 0 bad
        KEYS one
        SCAN 0 MATCH one COUNT 10000
        SORT l3
        SORT l3 ALPHA STORE l9
        SORT_RO l3 ALPHA
        SORT n GET # GET none
        OBJECT ENCODING h
        OBJECT REFCOUNT h
        OBJECT IDLETIME h
        OBJECT FREQ h
        OBJECT HELP
        WAIT 0 1
        WAITAOF 0 0 1
        UNLINK s7 none
        DEL a none
        EVAL return{1,'x',false,true,3.7,{err='E\\x20r'},{ok='O'}} 0
        EVAL return(nil) 0
        EVAL return(redis.call('hgetall',KEYS[1])) 1 h
        EVAL return(redis.call('zscore',KEYS[1],'d')) 1 z
        EVAL_RO return(redis.call('get',KEYS[1])) 1 n
        SCRIPT LOAD return(1)
        SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db x
        EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0
        EVALSHA_RO e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0
        EVALSHA 0000000000000000000000000000000000000000 0
        SCRIPT FLUSH
        SCRIPT KILL
        SCRIPT HELP
        FUNCTION LOAD #!lua\\x20name=lib\\nredis.register_function{function_name='fun',callback=function(k,a)return(a[1])end,flags={'no-writes'}}
        FUNCTION LIST
        FUNCTION LIST WITHCODE
        FUNCTION LIST LIBRARYNAME none
        FCALL fun 0 x
        FCALL_RO fun 0 x
        FCALL none 0
        FUNCTION STATS
        FUNCTION DUMP
        FUNCTION KILL
        FUNCTION DELETE lib
        FUNCTION FLUSH
        FUNCTION HELP
        WATCH s
        UNWATCH
        DBSIZE
        TIME
        LASTSAVE
        LOLWUT
        MEMORY USAGE s
        MEMORY USAGE none
        MEMORY STATS
        MEMORY DOCTOR
        MEMORY MALLOC-STATS
        MEMORY PURGE
        MEMORY HELP
        SAVE
        BGSAVE
        BGREWRITEAOF
        FLUSHDB
        FLUSHALL
        RANDOMKEY
        SET only v
        RANDOMKEY
        """.split(separator: "\n").map { line in
            line.split(separator: " ").map {
                $0.replacing("\\x20", with: " ").replacing("\\n", with: "\n").description
            }
        }
}
