// The store is spoken to in RESP2, where a map is a flat array and a double is text. A shape says what a reply
// would have been in RESP3, so that a client that said HELLO 3 gets that.
//
//   ZRANGE z 0 -1 WITHSCORES     RESP2 *4 $a $1 $b $2       shape .pairs(.double)     RESP3 *2 *2 $a ,1 *2 $b ,2
//   HGETALL h                    RESP2 *2 $f $v             shape .map(.plain)        RESP3 %1 $f $v

/// What a RESP2 reply of the store is in RESP3. A reply that does not fit its shape is passed on as it is.
package indirect enum ReplyShape: Sendable, Equatable {
    /// The same in both protocols, but for null.
    case plain
    /// Text of a number: `,` in RESP3.
    case double
    /// Text: `=txt:` in RESP3.
    case verbatim
    /// A flat array of names and values: a map with values of this shape.
    case map(ReplyShape)
    /// A flat array of names and values: a map whose values have the shape listed for their name, else `.plain`.
    case record([RecordField])
    /// An array of two-element arrays: a map.
    case mapOfPairs
    /// An array: a set.
    case set
    /// An array with elements of this shape.
    case list(ReplyShape)
    /// A flat array a, b, a, b: an array of two-element arrays, the second element having this shape.
    case pairs(ReplyShape)
    /// An array whose elements have these shapes by place; further ones are plain.
    case tuple([ReplyShape])
}

/// The shape of one value of a record.
package struct RecordField: Sendable, Equatable {
    package let name: String
    package let shape: ReplyShape

    package init(_ name: String, _ shape: ReplyShape) {
        self.name = name
        self.shape = shape
    }
}
