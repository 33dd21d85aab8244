// Commands on lists.

extension KeyspaceCommandTable {
    static let listCommands: [KeyspaceCommand] = [
        Row(
            "blmove", 6, [.write, .denyOOM, .blocking], KeyPositions(1, 2, 1), "list", "6.2.0",
            "Moves an element between lists, waiting for one if need be.", place: .always(.ownConnection)),
        Row(
            "blmpop", -5, [.write, .blocking, .movableKeys], .none, "list", "7.0.0",
            "Pops elements from the first list that has any, waiting if none has.",
            finder: .counted(at: 2, destination: 0), place: .always(.ownConnection)),
        Row(
            "blpop", -3, [.write, .blocking], KeyPositions(1, -2, 1), "list", "2.0.0",
            "Pops the first element of the first list that has any, waiting if none has.",
            place: .always(.ownConnection)),
        Row(
            "brpop", -3, [.write, .blocking], KeyPositions(1, -2, 1), "list", "2.0.0",
            "Pops the last element of the first list that has any, waiting if none has.", place: .always(.ownConnection)
        ),
        Row(
            "brpoplpush", 4, [.write, .denyOOM, .blocking], KeyPositions(1, 2, 1), "list", "2.2.0",
            "Moves the last element of a list to the head of another, waiting if need be.",
            place: .always(.ownConnection)),
        Row("lindex", 3, [.readOnly], .first, "list", "1.0.0", "Returns the element at a position."),
        Row("linsert", 5, [.write, .denyOOM], .first, "list", "2.2.0", "Puts an element before or after another."),
        Row("llen", 2, [.readOnly, .fast], .first, "list", "1.0.0", "Returns the length of a list."),
        Row(
            "lmove", 5, [.write, .denyOOM], KeyPositions(1, 2, 1), "list", "6.2.0",
            "Moves an element from one list to another."),
        Row(
            "lmpop", -4, [.write, .movableKeys], .none, "list", "7.0.0",
            "Pops elements from the first list that has any.", finder: .counted(at: 1, destination: 0)),
        Row("lpop", -2, [.write, .fast], .first, "list", "1.0.0", "Pops elements from the head of a list."),
        Row("lpos", -3, [.readOnly], .first, "list", "6.0.6", "Finds the positions of an element."),
        Row(
            "lpush", -3, [.write, .denyOOM, .fast], .first, "list", "1.0.0",
            "Puts elements at the head of a list, making it when absent."),
        Row(
            "lpushx", -3, [.write, .denyOOM, .fast], .first, "list", "2.2.0",
            "Puts elements at the head of a list that exists."),
        Row("lrange", 4, [.readOnly], .first, "list", "1.0.0", "Returns a range of a list."),
        Row("lrem", 4, [.write], .first, "list", "1.0.0", "Removes elements that equal a value."),
        Row("lset", 4, [.write, .denyOOM], .first, "list", "1.0.0", "Replaces the element at a position."),
        Row("ltrim", 4, [.write], .first, "list", "1.0.0", "Cuts a list down to a range."),
        Row("rpop", -2, [.write, .fast], .first, "list", "1.0.0", "Pops elements from the tail of a list."),
        Row(
            "rpoplpush", 3, [.write, .denyOOM], KeyPositions(1, 2, 1), "list", "1.2.0",
            "Moves the last element of a list to the head of another."),
        Row(
            "rpush", -3, [.write, .denyOOM, .fast], .first, "list", "1.0.0",
            "Puts elements at the tail of a list, making it when absent."),
        Row(
            "rpushx", -3, [.write, .denyOOM, .fast], .first, "list", "2.2.0",
            "Puts elements at the tail of a list that exists."),
    ]
}
