// Functions over Unix seconds, always in UTC.

import CSystemCalls
import Glibc
import SearchModel

enum TimeFunctions {
    static func apply(
        _ function: FunctionID, _ values: [ExpressionValue]
    ) throws(ExpressionEvaluationError) -> ExpressionValue {
        switch function {
        case .timefmt: return try format(values)
        case .parsetime: return try parse(values)
        default:
            guard let seconds = timestamp(values[0]), seconds >= 0 else { return .null }
            return part(function, seconds)
        }
    }

    /// A part of a point in time; null when the number is none.
    static func part(_ function: FunctionID, of number: Double) -> ExpressionValue {
        guard number.isFinite, number < 6e16, number > -1, Int(number) >= 0 else { return .null }
        return part(function, Int(number))
    }

    /// Seconds that fit a `time_t` whose year fits an `int`.
    private static func timestamp(_ value: ExpressionValue) -> Int? {
        guard case .number(let number) = value, number.isFinite, abs(number) < 6e16 else {
            // Text that is a number is taken as one.
            guard case .string = value, let number = value.numeric, number.isFinite, abs(number) < 6e16 else {
                return nil
            }
            return Int(number)
        }
        return Int(number)
    }

    private static func calendar(_ seconds: Int) -> tm? {
        var time = time_t(seconds)
        var parts = tm()
        return gmtime_r(&time, &parts) == nil ? nil : parts
    }

    private static func part(_ function: FunctionID, _ seconds: Int) -> ExpressionValue {
        switch function {
        case .minute: return .number(Double(seconds - seconds % 60))
        case .hour: return .number(Double(seconds - seconds % 3600))
        case .day: return .number(Double(seconds - seconds % 86_400))
        default: break
        }
        guard var parts = calendar(seconds) else { return .null }
        switch function {
        case .month:
            parts.tm_sec = 0
            parts.tm_min = 0
            parts.tm_hour = 0
            parts.tm_mday = 1
            return .number(Double(timegm(&parts)))
        case .dayofweek: return .number(Double(parts.tm_wday))
        case .dayofmonth: return .number(Double(parts.tm_mday))
        case .dayofyear: return .number(Double(parts.tm_yday))
        case .monthofyear: return .number(Double(parts.tm_mon))
        case .year: return .number(Double(parts.tm_year) + 1900)
        default: return .null
        }
    }

    private static func format(_ values: [ExpressionValue]) throws(ExpressionEvaluationError) -> ExpressionValue {
        var pattern = Bytes("%FT%TZ".utf8)
        if values.count > 1 {
            guard case .string(let given) = values[1] else {
                throw ExpressionEvaluationError(
                    "Invalid type (\(values[1].typeNumber)) for argument 1 in function 'time'. VALIDATE_ARG__TYPE(v, RSValue_String) was false."
                )
            }
            pattern = given
        }
        guard let seconds = timestamp(values[0]), var parts = calendar(seconds), !pattern.contains(0) else {
            return .null
        }
        guard !pattern.isEmpty else { return .null }
        let format = pattern.map { CChar(bitPattern: $0) } + [0]
        var text = [CChar](repeating: 0, count: 1024)
        let length = strftime(&text, text.count, format, &parts)
        guard length > 0 else { return .null }
        return .string(text.prefix(length).map { UInt8(bitPattern: $0) })
    }

    private static func parse(_ values: [ExpressionValue]) throws(ExpressionEvaluationError) -> ExpressionValue {
        let text = try FunctionID.parsetime.text(values, 0)
        let format = try FunctionID.parsetime.text(values, 1)
        guard !text.contains(0), !format.contains(0) else { return .null }
        var parts = tm()
        let end = csystem_strptime(
            text.map { CChar(bitPattern: $0) } + [0], format.map { CChar(bitPattern: $0) } + [0], &parts)
        guard end != nil else { return .null }
        return .number(Double(timegm(&parts)))
    }
}
