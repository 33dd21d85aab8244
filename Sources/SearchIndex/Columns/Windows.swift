// Small tools for windows: 64 words that stand for 4,096 documents.

import CKernels
import SearchModel

/// The words of one window.
package typealias WindowWords = UnsafeMutablePointer<UInt64>

func windowCount(_ documentCount: Int) -> Int { (documentCount + windowSize - 1) / windowSize }

/// How many documents of the window exist.
func documents(in window: Int, of documentCount: Int) -> Int {
    min(max(documentCount - window * windowSize, 0), windowSize)
}

/// Lends 64 zeroed words.
func withWindow<R>(_ body: (WindowWords) -> R) -> R {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: wordsPerWindow) { buffer in
        buffer.initialize(repeating: 0)
        return body(buffer.baseAddress!)  // never nil: the capacity is not 0
    }
}

func clearWindow(_ words: WindowWords) { words.update(repeating: 0, count: wordsPerWindow) }

func popcount(_ words: UnsafePointer<UInt64>, count: Int = wordsPerWindow) -> Int {
    Int(rk_popcount(words, count))
}

@inline(__always)
func setBit(_ docID: DocID, in words: WindowWords) {
    words[Int(docID >> 6) & (wordsPerWindow - 1)] |= 1 << UInt64(docID & 63)
}

/// Copies the words of SegmentView's live bitmap for one window.
package typealias CopyLiveWindow = (Int, UnsafeMutablePointer<UInt64>) -> Void

/// How many dead documents a clause matches; `restrict` clears the bits that it does not match.
///
/// Only windows with deaths cost anything to speak of.
func deadMatches(
    documentCount: Int, copyLiveWindow: CopyLiveWindow, restrict: (Int, WindowWords) -> Void
) -> Int {
    withWindow { dead in
        var sum = 0
        for window in 0..<windowCount(documentCount) {
            copyLiveWindow(window, dead)
            var any: UInt64 = 0
            var left = documents(in: window, of: documentCount)
            for w in 0..<wordsPerWindow {
                let exists: UInt64 = left >= 64 ? .max : left <= 0 ? 0 : (1 << UInt64(left)) - 1
                dead[w] = ~dead[w] & exists
                any |= dead[w]
                left -= 64
            }
            if any == 0 { continue }
            restrict(window, dead)
            sum += popcount(dead)
        }
        return sum
    }
}
