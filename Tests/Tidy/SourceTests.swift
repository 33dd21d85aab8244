// Habits that reviews forget.

import Testing

@Suite struct SourceTests {
    /// Lines of a Swift file beyond which it probably holds two ideas. Data tables are exempt: they lie in `Tables`.
    static let lineLimit = 600

    private static let ours = SourceTree.sources("Sources")

    @Test func `no file is so long that it must hold two ideas`() {
        let long = SourceTree.allTexts.filter {
            $0.path.hasSuffix(".swift") && !$0.path.contains("/Tables/") && $0.lines.count > Self.lineLimit
        }

        #expect(Set(long.map(\.path)) == Set(Exceptions.longFiles.keys))
    }

    @Test func `nothing says on which machine it was written`() {
        // Spelled in halves, or this file would be the first to be found.
        let traces = [
            "/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/", "debian.or" + "g", "pypi.or" + "g",
            "/opt/sw" + "ift",
        ]
        for file in SourceTree.allTexts {
            for trace in traces {
                let isMentioned = file.text.contains(trace)
                #expect(!isMentioned, "\(file.path) mentions \(trace)")
            }
        }
    }

    @Test func `what is left to do says what it waits for`() {
        for file in SourceTree.allTexts {
            let marks = file.text.matches(of: #/\b(FIX)(?:ME)\b|\bX(?:XX)\b|\bTO(?:DO)\b(?!:? [a-zA-Z`])/#)
            #expect(marks.isEmpty, "\(file.path)")
        }
    }

    @Test func `nothing traps on a result it did not check`() {
        let trapping = Self.ours.filter {
            $0.path.hasSuffix(".swift") && $0.code.contains(#/\btry!|\bas! |\bfatalError\(/#)
        }

        #expect(Set(trapping.map(\.path)) == Set(Exceptions.traps.keys))
    }

    @Test func `clocks and chance come from outside the search modules`() {
        let pattern =
            #/\bDate\(\)|\bContinuousClock\b|\bSuspendingClock\b|\.random\(|\bSystemRandomNumberGenerator\b|\bUUID\(\)|\bclock_gettime\(|\bgettimeofday\(|\.shuffled\(\)|\btime\(nil\)/#
        let impure = Self.ours.filter { file in
            file.path.hasSuffix(".swift") && LayeringTests.isPure(file.module) && file.code.contains(pattern)
        }

        #expect(Set(impure.map(\.path)) == Set(Exceptions.clocks.keys))
    }

    @Test func `unchecked Sendable comes with the sentence that makes it true`() {
        var silent: Set<String> = []
        for file in Self.ours where file.path.hasSuffix(".swift") {
            let lines = file.lines
            for (i, line) in lines.enumerated()
            where line.contains("@unchecked Sendable") && !line.drop(while: { $0 == " " }).hasPrefix("//") {
                let around = lines[max(0, i - 12)...min(lines.count - 1, i + 4)]
                let explained = around.contains { line in
                    line.contains("//")
                        && line.contains(
                            #/[Ss]end|thread|lock|owner|immutable|[Mm]utex|written|reader|writer|loop|once/#)
                }
                if !explained { silent.insert(file.path) }
            }
        }

        #expect(silent == Set(Exceptions.unchecked.keys))
    }
}
