import StillLife

extension WantedScene {
    /// What a prompt in the words of the still-life world asks for; nil where it names no object, or one kind twice.
    ///
    /// An object's colour is the word before its name; its state stands at most three words before it. A prompt that
    /// names no style asks for a photo.
    public init?(prompt: String) {
        let words = prompt.lowercased().split { !$0.isLetter }.map(String.init)
        var objects: [Object] = []
        var last = -1
        for (place, word) in words.enumerated() {
            guard let kind = ObjectKind(rawValue: word) else { continue }
            let before = words[(last + 1)..<place]
            let colour = before.last.flatMap { ObjectColour(rawValue: $0) }
            let near = before.suffix(3)
            let state = kind.states.first { near.contains($0.word) }
            objects.append(Object(kind: kind, colour: colour, state: state ?? kind.states[0]))
            last = place
        }
        guard !objects.isEmpty, Set(objects.map(\.kind)).count == objects.count else { return nil }
        let text = " " + words.joined(separator: " ") + " "
        func named(_ phrase: String) -> Bool { text.contains(" \(phrase) ") }
        self.init(
            objects: objects,
            table: Table.allCases.first { $0.phrases.contains(where: named) },
            wall: Wall.allCases.first { $0.phrases.contains(where: named) },
            style: Style.allCases.first { $0 != .photo && named($0.phrase) } ?? .photo)
    }
}
