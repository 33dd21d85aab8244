// Sealing and merging, as the writer's lane sees it: what is worth doing, and what becomes of the result.

import SearchModel

extension IndexWriter {
    /// Work that is worth doing now; `nil` when there is none. Run it anywhere, then ``install(_:)`` it.
    ///
    /// - Parameter isQuiet: no writes for a while: close the open segment too, and merge down to as few segments as
    ///   the limit allows.
    package func planMerge(isQuiet: Bool = false) -> MergeTask? {
        if isQuiet && openDocumentCount > 0 { freeze() }
        let candidates = segments.map {
            MergePolicy.Segment(
                documents: $0.documentCount, live: $0.liveCount, bytes: $0.textByteCount, isSealed: $0.isSealed,
                isAvailable: !$0.isBusy && !isOpen($0))
        }
        guard
            let range = MergePolicy.choose(
                candidates, base: options.segmentCapacity, limit: options.mergedDocumentLimit, isQuiet: isQuiet)
        else {
            guard let patched = segments.firstIndex(where: { !$0.isBusy && $0.needsRebuild }) else {
                if isQuiet && open == nil { trim() }
                return nil
            }
            return makeTask(patched..<patched + 1, rebuildsColumns: true)
        }
        return makeTask(range)
    }

    /// Tables give back what they had to grow into: the next writes will be some time away.
    private func trim() {
        dictionary.trim()
        for builder in tagBuilders { builder?.trim() }
        registry.trim()
        hasChanges = true
    }

    private func makeTask(_ range: Range<Int>, rebuildsColumns: Bool = false) -> MergeTask {
        let inputs = Array(segments[range])
        for input in inputs { input.isBusy = true }
        let task = MergeTask(
            inputs: inputs.map { $0.publish() }, segments: inputs, b: options.b, defaultScore: options.defaultScore,
            hasPositions: options.keepsOffsets, rebuildsColumns: rebuildsColumns)
        // The views above show deaths of this burst: their pages must not be written any more.
        burst += 1
        return task
    }

    /// Replaces the inputs of a task by its result; what died meanwhile dies in it. Visible with the next publication.
    ///
    /// A task that was cancelled, or whose inputs are gone (``removeAll()``), changes nothing.
    package func install(_ task: MergeTask) {
        for segment in task.segments { segment.isBusy = false }
        guard let first = segments.firstIndex(where: { $0 === task.segments[0] }) else { return }
        if let (columns, stamps) = task.columns {
            segments[first].replaceColumns(columns, stamps, since: task.inputs[0])
            hasChanges = true
            return
        }
        guard let result = task.result else { return }
        hasChanges = true
        guard let sealed = result.segment else {
            for segment in task.segments { discard(segment) }
            return
        }

        // One input that kept all its documents in place keeps its slot: the registry need not change.
        let keepsSlot = task.segments.count == 1 && result.isIdentity
        let slot: SegmentSlot
        if keepsSlot {
            slot = task.segments[0].slot
            registry.replaceSource(of: slot, with: .sealed(sealed.keys))
        } else {
            guard let free = registry.takeSlot(.sealed(sealed.keys), isForMerge: true) else { return }
            slot = free
        }

        var columns = result.columns
        var stamps = result.stamps!
        for (i, input) in task.segments.enumerated() {
            let mapping = result.isIdentity ? nil : DocIDMapping(result.places[i])
            columns.adoptPatches(of: input.currentColumns, since: task.inputs[i].columns, mapping: mapping)
            stamps.adoptPatches(of: input.stamps, since: task.inputs[i].stampColumn, mapping: mapping)
        }
        let merged = WriterSegment(sealed, columns: columns, stamps: stamps, slot: slot)
        for (input, places) in zip(task.segments, result.places) {
            for death in input.deaths.since(task.deathCount(of: input)) {
                let place = places.isEmpty ? death : places[Int(death)]
                _ = merged.kill(place, burst: burst)
            }
        }
        if keepsSlot {
            for death in task.segments[0].deaths.first(task.deathCount(of: task.segments[0])) {
                _ = merged.kill(death, burst: burst)
            }
            segments[first] = merged
            segmentBySlot[slot.number] = merged
        } else {
            var places: [Int: [DocID]] = [:]
            for (input, map) in zip(task.segments, result.places) { places[input.slot.number] = map }
            registry.relocate(places, to: slot.number)
            for segment in task.segments { discard(segment) }
            adopt(merged, at: first)
        }
    }

    /// Seals and merges on this lane until there is nothing left to do.
    package func mergeEverything(isQuiet: Bool = false) {
        while let task = planMerge(isQuiet: isQuiet) {
            task.run()
            install(task)
        }
    }
}
