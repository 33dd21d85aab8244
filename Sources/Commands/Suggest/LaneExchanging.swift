// How a command runs an exchange.

import RESP
import Storage

extension CommandContext {
    /// Takes the command's reply and lets the exchange write it on the lane.
    func run(_ exchange: any LaneExchange) {
        let store = services.store
        if mustAnswerNow { return store.exchangeNow(exchange, into: reply) }
        let pending = completeLater()
        let batch = StoreBatch(version: pending.version, client: clientID)
        batch.appendExchange(exchange)
        batch.completion = { pending.finish($0) }
        store.submit(batch)
    }
}
