import Glibc

enum MathFunctions {
    /// What is no number gives nan.
    static func apply(_ function: FunctionID, _ value: ExpressionValue) -> ExpressionValue {
        guard let x = value.numeric else { return .number(.nan) }
        switch function {
        case .log: return .number(Glibc.log(x))
        case .log2: return .number(Glibc.log2(x))
        case .exp: return .number(Glibc.exp(x))
        case .sqrt: return .number(Glibc.sqrt(x))
        case .abs: return .number(Swift.abs(x))
        case .floor: return .number(x.rounded(.down))
        case .ceil: return .number(x.rounded(.up))
        default: return .null
        }
    }
}
