// Commands on places.

extension KeyspaceCommandTable {
    static let geoCommands: [KeyspaceCommand] = [
        Row("geoadd", -5, [.write, .denyOOM], .first, "geo", "3.2.0", "Adds members with longitude and latitude."),
        Row("geodist", -4, [.readOnly], .first, "geo", "3.2.0", "Returns the distance between two members."),
        Row("geohash", -2, [.readOnly], .first, "geo", "3.2.0", "Returns the geohash texts of members."),
        Row(
            "geopos", -2, [.readOnly], .first, "geo", "3.2.0", "Returns longitude and latitude of members.",
            shape: .always(.list(.list(.double)))),
        Row(
            "georadius", -6, [.write, .denyOOM, .movableKeys], .first, "geo", "3.2.0",
            "Finds the members within a distance of a point.", finder: .storeOption, shape: .byArguments(geoShape),
            effect: .overwritesStoreArgument),
        Row(
            "georadius_ro", -6, [.readOnly], .first, "geo", "3.2.10",
            "Finds the members within a distance of a point, storing nothing.", shape: .byArguments(geoShape)),
        Row(
            "georadiusbymember", -5, [.write, .denyOOM, .movableKeys], .first, "geo", "3.2.0",
            "Finds the members within a distance of a member.", finder: .storeOption, shape: .byArguments(geoShape),
            effect: .overwritesStoreArgument),
        Row(
            "georadiusbymember_ro", -5, [.readOnly], .first, "geo", "3.2.10",
            "Finds the members within a distance of a member, storing nothing.", shape: .byArguments(geoShape)),
        Row(
            "geosearch", -7, [.readOnly], .first, "geo", "6.2.0", "Finds the members inside a circle or a box.",
            shape: .byArguments(geoShape)),
        Row(
            "geosearchstore", -8, [.write, .denyOOM], KeyPositions(1, 2, 1), "geo", "6.2.0",
            "Stores the members inside a circle or a box.", effect: .overwrites(.first)),
    ]
}
