// What a query sees: one immutable picture of an index.
//
//   IndexSnapshot ── segments, oldest first ──► SegmentView ── postings(for:) ──► PostingList (blocks of 128)
//        │                                          ├─ norms, stamps, live documents
//        └─ dictionary, N, sum of lengths           └─ numeric / tags / geo / sort columns by field position

import SearchModel

/// Documents per block of a posting list.
package let blockSize = 128

/// Documents per window of execution: 64 words of 64 bits.
package let windowSize = 4096
package let wordsPerWindow = windowSize / 64
