/// The Prometheus text format 0.0.4, read strictly: what this refuses, a server may refuse.
struct ParsedExposition {
    struct Sample {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct ParseError: Error {
        var line: String
        var reason: String
    }

    /// The type of each family, by name.
    private(set) var families: [String: String] = [:]
    private(set) var samples: [Sample] = []

    init(_ text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else {
            throw ParseError(line: "", reason: "no line break at the end")
        }
        var seen: Set<String> = []
        var helped: String?
        var current: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if line.hasPrefix("# HELP ") {
                guard words.count == 4, self.families[words[2]] == nil else {
                    throw ParseError(line: line, reason: "help missing or family there twice")
                }
                helped = words[2]
            } else if line.hasPrefix("# TYPE ") {
                guard words.count == 4, words[2] == helped, ["counter", "gauge", "histogram"].contains(words[3]) else {
                    throw ParseError(line: line, reason: "type without help, or unknown")
                }
                self.families[words[2]] = words[3]
                current = words[2]
            } else {
                let sample = try Self.sample(line)
                guard let current, Self.belongs(sample, to: current, type: self.families[current] ?? "") else {
                    throw ParseError(line: line, reason: "sample outside of its family")
                }
                guard seen.insert("\(sample.name) \(sample.labels.sorted { $0.key < $1.key })").inserted else {
                    throw ParseError(line: line, reason: "sample there twice")
                }
                self.samples.append(sample)
            }
        }
        try self.checkHistograms()
    }

    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        self.samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private static func belongs(_ sample: Sample, to family: String, type: String) -> Bool {
        guard type == "histogram" else { return sample.name == family && sample.labels["le"] == nil }
        if sample.name == "\(family)_bucket" { return sample.labels["le"] != nil }
        return ["\(family)_sum", "\(family)_count"].contains(sample.name)
    }

    private static func sample(_ line: String) throws -> Sample {
        var rest = Substring(line)
        func fail(_ reason: String) -> ParseError { ParseError(line: line, reason: reason) }
        func takeName(_ rest: inout Substring) throws -> String {
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard let first = name.first, !first.isNumber else { throw fail("no name") }
            rest = rest.dropFirst(name.count)
            return String(name)
        }
        let name = try takeName(&rest)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            repeat {
                rest = rest.dropFirst()
                let label = try takeName(&rest)
                guard rest.hasPrefix("=\"") else { throw fail("no label value") }
                rest = rest.dropFirst(2)
                var value = ""
                while let next = rest.popFirst(), next != "\"" {
                    guard next == "\\" else {
                        value.append(next)
                        continue
                    }
                    switch rest.popFirst() {
                    case "n": value.append("\n")
                    case "\\": value.append("\\")
                    case "\"": value.append("\"")
                    default: throw fail("unknown escape")
                    }
                }
                guard labels.updateValue(value, forKey: label) == nil else { throw fail("label there twice") }
            } while rest.first == ","
            guard rest.popFirst() == "}" else { throw fail("labels not closed") }
        }
        guard rest.popFirst() == " " else { throw fail("no blank before the value") }
        guard let value = Double(rest.replacing("+Inf", with: "inf").replacing("-Inf", with: "-inf")) else {
            throw fail("not a number")
        }
        return Sample(name: name, labels: labels, value: value)
    }

    private func checkHistograms() throws {
        for family in self.families.filter({ $0.value == "histogram" }).keys {
            var last: [String: (bound: Double, count: Double)] = [:]
            for sample in self.samples where sample.name == "\(family)_bucket" {
                var labels = sample.labels
                let limit = labels.removeValue(forKey: "le") ?? ""
                let bound = limit == "+Inf" ? .infinity : Double(limit) ?? .nan
                let key = "\(labels.sorted { $0.key < $1.key })"
                if let last = last[key], last.bound >= bound || last.count > sample.value {
                    throw ParseError(line: family, reason: "buckets do not rise")
                }
                last[key] = (bound, sample.value)
            }
            for sample in self.samples where sample.name == "\(family)_count" {
                let key = "\(sample.labels.sorted { $0.key < $1.key })"
                guard last[key]?.bound == .infinity, last[key]?.count == sample.value else {
                    throw ParseError(line: family, reason: "count and last bucket differ")
                }
            }
        }
    }
}
