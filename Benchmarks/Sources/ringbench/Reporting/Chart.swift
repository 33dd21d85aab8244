// A bar chart as SVG: ratios on a logarithmic axis, 1 in the middle.

import Foundation

struct Chart {
    let title: String
    let bars: [(name: String, ratio: Double)]

    var svg: String {
        let left = 190.0
        let width = 460.0
        let row = 22.0
        let height = 70 + row * Double(bars.count)
        let extreme = max(4, bars.map { max($0.ratio, 1 / max($0.ratio, 1e-3)) }.max() ?? 4)
        let reach = log2(extreme) * 1.1
        func x(_ ratio: Double) -> Double { left + width / 2 + log2(ratio) / reach * width / 2 }
        func attribute(_ value: Double) -> String { String(format: "%.1f", value) }
        var out = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(left + width + 60))" height="\(Int(height))" \
            font-family="Helvetica, Arial, sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>
            <text x="10" y="20" font-size="14" font-weight="bold">\(Self.escape(title))</text>

            """
        var mark = pow(2, -floor(reach))
        while log2(mark) <= reach {
            let label = mark >= 1 ? "\(Int(mark))x" : "1/\(Int(1 / mark))"
            let color = mark == 1 ? "#333" : "#ddd"
            out +=
                "<line x1=\"\(attribute(x(mark)))\" x2=\"\(attribute(x(mark)))\" y1=\"34\" y2=\"\(attribute(height - 24))\" stroke=\"\(color)\"/>\n"
            out +=
                "<text x=\"\(attribute(x(mark)))\" y=\"\(attribute(height - 8))\" text-anchor=\"middle\" fill=\"#666\">\(label)</text>\n"
            mark *= 2
        }
        for (i, bar) in bars.enumerated() {
            let y = 40 + row * Double(i)
            let from = min(x(1), x(bar.ratio))
            let to = max(x(1), x(bar.ratio))
            let color = bar.ratio >= 1 ? "#2a7f62" : "#c0504d"
            out +=
                "<text x=\"\(attribute(left - 8))\" y=\"\(attribute(y + 12))\" text-anchor=\"end\">\(Self.escape(bar.name))</text>\n"
            out +=
                "<rect x=\"\(attribute(from))\" y=\"\(attribute(y))\" width=\"\(attribute(max(1, to - from)))\" height=\"15\" fill=\"\(color)\"/>\n"
            let labelX = bar.ratio >= 1 ? to + 4 : from - 4
            out +=
                "<text x=\"\(attribute(labelX))\" y=\"\(attribute(y + 12))\" text-anchor=\"\(bar.ratio >= 1 ? "start" : "end")\">\(Figures.ratio(bar.ratio))</text>\n"
        }
        return out + "</svg>\n"
    }

    private static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
