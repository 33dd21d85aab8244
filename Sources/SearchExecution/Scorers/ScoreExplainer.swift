// EXPLAINSCORE: how each winner's score came about, in the reference server's words.
//
// The match tree of the document is walked again; texts of nodes stand where the scorer would add
// their values, so that the outline of the explanation is the outline of the match.

import SearchIndex
import SearchModel

extension SearchRun {
    /// Explains the hits of the outcome.
    func explain(_ root: Int, largest: Double) {
        outcome.explanations = [ScoreExplanation](repeating: ScoreExplanation(""), count: outcome.hits.count)
        forEachSegment(root, untilLate: false) { evaluator in
            let explainer = ScoreExplainer(evaluator: evaluator, context: context, largest: largest)
            for (place, hit) in outcome.hits.enumerated() where hit.segment == evaluator.segmentIndex {
                outcome.explanations[place] = explainer.explain(hit.docID)
            }
        }
    }
}

struct ScoreExplainer {
    let evaluator: SegmentEvaluator
    let context: ScoringContext
    let largest: Double

    func explain(_ docID: DocID) -> ScoreExplanation {
        let segment = evaluator.segment
        switch context.scorer {
        case .docScore:
            return ScoreExplanation("Document's score is \(two(segment.score(docID)))")
        case .hamming:
            guard let bits = context.hammingDistance(segment.payload(docID)) else {
                return ScoreExplanation("Payloads provided to scorer vary in length")
            }
            return ScoreExplanation(
                "String length is \(context.payload?.count ?? 0). Bit count is \(bits). "
                    + "Result is (1 / count + 1) = \(two(1 / Double(bits + 1)))")
        case .tfidf, .tfidfDocNorm, .bm25, .bm25Std, .bm25StdNorm, .bm25StdTanh, .disMax:
            guard let tree = evaluator.matchTree(evaluator.root, docID) else { return ScoreExplanation("") }
            return explain(docID, tree)
        }
    }

    private func explain(_ docID: DocID, _ tree: MatchTree) -> ScoreExplanation {
        let segment = evaluator.segment
        let length = segment.length(docID)
        let ds = segment.score(docID)
        let value = evaluator.treeScore(tree, length: length, context)
        let words = node(tree, length)
        switch context.scorer {
        case .tfidf, .tfidfDocNorm:
            let norm = context.scorer == .tfidf ? segment.maxFrequency(docID) : length
            let product = ds * value
            if product < 0 {
                return ScoreExplanation(
                    "TFIDF score of \(two(product / Double(max(1, norm)))) is smaller than minimum score 0.00", [words])
            }
            return ScoreExplanation(
                "Final TFIDF : words TFIDF \(two(value)) * document score \(two(ds)) / norm \(norm)"
                    + " / slop \(Int(evaluator.slopDivisor(docID)))", [words])
        case .bm25:
            if ds * value < 0 {
                return ScoreExplanation(
                    "BM25 score of \(two(value)) is smaller than minimum score \(two(ds * value))", [words])
            }
            return ScoreExplanation(
                "Final BM25 : words BM25 \(two(value)) * document score \(two(ds))"
                    + " / slop \(Int(evaluator.slopDivisor(docID)))", [words])
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            let plain = ScoreExplanation(
                "Final BM25 : words BM25 \(two(value)) * document score \(two(ds))", [words])
            if context.scorer == .bm25StdTanh {
                return ScoreExplanation(
                    "Final Normalized BM25 : tanh(stretch factor 1/\(Int(context.tanhFactor))"
                        + " * Final BM25 \(two(ds * value)))", [plain])
            }
            if context.scorer == .bm25StdNorm {
                return ScoreExplanation(
                    "Final BM25STD.NORM: \(two(context.finished(ds * value, largest: largest)))"
                        + " = Original Score: \(two(ds * value)) / Max Score: \(two(largest))", [plain])
            }
            return plain
        case .disMax, .docScore, .hamming:
            return words
        }
    }

    // MARK: nodes

    private func node(_ tree: MatchTree, _ length: UInt32) -> ScoreExplanation {
        switch tree.kind {
        case .aggregate:
            let children = tree.children.map { node($0, length) }
            var unweighted = tree
            unweighted.weight = 1
            let sum = two(evaluator.treeScore(unweighted, length: length, context))
            let weight = two(tree.weight)
            switch context.scorer {
            case .tfidf, .tfidfDocNorm:
                return ScoreExplanation("(Weight \(weight) * total children TFIDF \(sum))", children)
            case .disMax:
                let value = two(evaluator.treeScore(tree, length: length, context))
                return ScoreExplanation("\(value) = Weight \(weight) * children DISMAX \(sum)", children)
            case .bm25, .bm25Std, .bm25StdNorm, .bm25StdTanh, .docScore, .hamming:
                return ScoreExplanation("(Weight \(weight) * children BM25 \(sum))", children)
            }
        case .term:
            return term(tree, length)
        case .virtual:
            return virtual(tree, length)
        }
    }

    private func term(_ tree: MatchTree, _ length: UInt32) -> ScoreExplanation {
        let value = two(evaluator.treeScore(tree, length: length, context))
        let clause = evaluator.plan.clauses[tree.clause]
        let f = Int(tree.frequency)
        switch context.scorer {
        case .tfidf, .tfidfDocNorm:
            return ScoreExplanation(
                "(TFIDF \(value) = Weight \(two(tree.weight)) * TF \(f) * IDF \(two(clause.idf)))")
        case .bm25:
            return ScoreExplanation("(\(value) = IDF \(two(clause.idf)) * F \(f) / (F \(f) + \(bm25Divisor)))")
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            return std(name(of: clause), value, clause.idfStd, tree, length)
        case .disMax, .docScore, .hamming:
            return disMax(value, tree)
        }
    }

    private func virtual(_ tree: MatchTree, _ length: UInt32) -> ScoreExplanation {
        let value = two(evaluator.treeScore(tree, length: length, context))
        let f = Int(tree.frequency)
        switch context.scorer {
        case .tfidf, .tfidfDocNorm:
            return ScoreExplanation("(TFIDF \(value) = Weight \(two(tree.weight)) * Frequency \(f))")
        case .bm25:
            if f == 0 { return ScoreExplanation("Frequency 0 -> value 0") }
            return ScoreExplanation("(\(value) = Weight \(two(tree.weight)) * F \(f) / (F \(f) + \(bm25Divisor)))")
        case .bm25Std, .bm25StdNorm, .bm25StdTanh:
            guard evaluator.nodes[tree.clause].kind == .all else {
                return ScoreExplanation("Irrelevant token -> score is 0")
            }
            return std("*", value, 1, tree, length)
        case .disMax, .docScore, .hamming:
            return disMax(value, tree)
        }
    }

    private func disMax(_ value: String, _ tree: MatchTree) -> ScoreExplanation {
        ScoreExplanation("DISMAX \(value) = Weight \(two(tree.weight)) * Frequency \(Int(tree.frequency))")
    }

    private func std(
        _ name: String, _ value: String, _ idf: Double, _ tree: MatchTree, _ length: UInt32
    ) -> ScoreExplanation {
        let f = two(tree.frequency)
        let b = context.isLegacy ? "0.5" : "0.75"
        let weight = context.isLegacy ? "" : "Weight \(two(tree.weight)) * "
        return ScoreExplanation(
            "\(name): (\(value) = \(weight)IDF \(two(idf)) * (F \(f) * (k1 1.2 + 1))"
                + " / (F \(f) + k1 1.2 * (1 - b \(b) + b \(b) * Doc Len \(length)"
                + " / Average Doc Len \(two(evaluator.plan.averageLength)))))")
    }

    private var bm25Divisor: String {
        "k1 1.2 * (1 - b 0.5 + b 0.5 * Average Len \(two(evaluator.plan.averageLength)))"
    }

    private func name(of clause: Clause) -> String {
        switch clause.source {
        case .term(let id, _):
            return evaluator.plan.snapshot.dictionary.withTerm(id) { String(decoding: $0, as: UTF8.self) }
        case .tag(let field, let id):
            return evaluator.plan.snapshot.tagDictionary(field)?
                .withTerm(id) { String(decoding: $0, as: UTF8.self) } ?? ""
        case .all, .numeric, .geo, .missing, .keys, .and, .or, .expansion, .not, .optional:
            return "*"
        }
    }

    /// A number as `%.2f` prints it: the nearest of exact decimals, ties of the exact value to even.
    private func two(_ value: Double) -> String { FixedPoint.text(value) }
}
