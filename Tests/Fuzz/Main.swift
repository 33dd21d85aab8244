// Two programs from one target: libFuzzer's driver when built by scripts/fuzz, otherwise a replayer of files.

import Foundation

#if FUZZING

/// libFuzzer's `main`, for programs that bring their own.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private let target = FuzzTarget(rawValue: ProcessInfo.processInfo.environment["RINGSEARCH_FUZZ_TARGET"] ?? "")

@main
enum Fuzz {
    static func main() {
        guard target != nil else {
            print("RINGSEARCH_FUZZ_TARGET is one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
            exit(64)
        }
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(
            runDriver(&count, &arguments) { start, count in
                target?.run(UnsafeBufferPointer(start: start, count: count))
                return 0
            })
    }
}

#else

/// `fuzz TARGET FILE...` runs a target on files: seeds, and what a fuzzer found.
@main
enum Replay {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let target = arguments.first.flatMap(FuzzTarget.init(rawValue:)) else {
            print("usage: fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) FILE...")
            exit(64)
        }
        for path in arguments.dropFirst() {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            bytes.withUnsafeBufferPointer { target.run($0) }
            print("ok \(path)")
        }
    }
}

#endif
