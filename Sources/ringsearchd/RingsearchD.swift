import ArgumentParser

@main
struct RingsearchD: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ringsearchd", abstract: "A search server.")
}
