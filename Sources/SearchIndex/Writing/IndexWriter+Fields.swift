// Everything of a document but its text, when it is added and when it is patched.

import SearchModel

extension IndexWriter {
    /// Sets a NUMERIC field, by its position in the schema; `nil`: it has no value.
    package func setNumeric(field: Int, _ value: Double?) { set(field, .number(value)) }

    /// Sets the values of a TAG field, folded as the field demands.
    ///
    /// - Parameter raw: the text that they were taken from; `nil` with values: not known, so that whoever wants it
    ///   has to read the documents of this segment.
    package func setTags(field: Int, _ values: [Bytes], raw: ByteSlice?) {
        setTags(field: field, raw: raw) { take in
            for value in values { value.withUnsafeBufferPointer(take) }
        }
    }

    /// The same for values that are made one by one: `produce` gives each to the function that it gets.
    package func setTags(field: Int, raw: ByteSlice?, _ produce: ((ByteSlice) -> Void) -> Void) {
        guard let dictionary = tagBuilder(field) else { return }
        var ids: [TermID] = []
        produce { ids.append(dictionary.intern($0)) }
        let isUnknown = raw == nil && !ids.isEmpty
        set(field, .tags(ids))
        set(field, isUnknown ? .unknownRaw : .raw(raw.map { Array($0) }))
    }

    /// Sets a GEO field. A point outside the indexable range counts as none.
    package func setGeo(field: Int, longitude: Double, latitude: Double) {
        set(field, .cell(GeoCell.encode(longitude: longitude, latitude: latitude)))
    }

    /// Takes a GEO field's value away.
    package func clearGeo(field: Int) { set(field, .cell(nil)) }

    /// Sets what a SORTABLE field that is not NUMERIC sorts by; `nil`: it has no value.
    package func setSortText(field: Int, _ text: ByteSlice?) { set(field, .text(text.map { Array($0) })) }

    /// Says whether the document lacks a field that is declared INDEXMISSING. New documents have all fields
    /// unless told otherwise.
    package func setMissing(field: Int, _ isMissing: Bool = true) { set(field, .missing(isMissing)) }

    private func set(_ field: Int, _ value: FieldValue) {
        precondition(isInDocument || patchedLocation != nil, "a field outside a document")
        pendingValues.append((field, value))
    }

    private func tagBuilder(_ field: Int) -> TermDictionaryBuilder? {
        guard field < schema.fields.count, case .tag = schema.fields[field].kind else { return nil }
        while tagBuilders.count <= field { tagBuilders.append(nil) }
        if let known = tagBuilders[field] { return known }
        let made = TermDictionaryBuilder()
        tagBuilders[field] = made
        return made
    }

    // MARK: Patching a document

    /// Starts a change that touches no TEXT, score or payload of a document: the set functions say what changes, and
    /// ``endPatch()`` applies it. False when there is no such document, or when its segment does not know the newest fields:
    /// it has to be added anew then.
    package func beginPatch(key: ByteSlice, stamp: ArrivalStamp) -> Bool {
        precondition(!isInDocument, "a document is being added")
        guard let location = registry.find(key),
            segmentBySlot[location.slot]!.fieldCount == schema.fields.count
        else { return false }
        pendingValues.removeAll(keepingCapacity: true)
        pendingStamp = stamp
        patchedLocation = location
        return true
    }

    /// Applies the patch. The document counts as written now: its stamp moves, also without a changed value.
    package func endPatch() {
        guard let location = patchedLocation else { return }
        patchedLocation = nil
        segmentBySlot[location.slot]!.patch(location.docID, stamp: pendingStamp, pendingValues)
        hasChanges = true
    }
}
