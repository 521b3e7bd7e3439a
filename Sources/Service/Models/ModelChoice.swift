public import Diffusion
import Foundation
import Imaging
public import Support

/// Which of the package's own models is used where none is named, and why.
///
/// A photo that one of them made, or that was rendered as a still life, is its model's. Else the model counts that
/// knows more of the words of all prompts (`words.json` in its folder); of equals the first of `ModelPlaces.own`.
public struct ModelChoice: Sendable, Equatable {
    /// One of the package's own models.
    public struct Candidate: Sendable {
        /// What it is called.
        public var name: String
        /// Its folder.
        public var path: String
        /// The words that it was trained with.
        public var words: KnownWords

        /// A model.
        public init(name: String, path: String, words: KnownWords) {
            self.name = name
            self.path = path
            self.words = words
        }
    }

    /// The folder.
    public let path: String
    /// The choice and its reason in one line.
    public var line: String { "\(message)" }
    /// The same with the setting that it points to.
    public let message: Message

    /// The choice among the models that are there; nil where there are not two to choose among.
    /// - Parameter photo: the file that is worked on; standard input is not read for this.
    public init?(for prompts: [String], photo: String?, in places: ModelPlaces) {
        let models = places.models
        let candidates = ModelPlaces.own.compactMap { name -> Candidate? in
            guard let path = models.first(where: { $0.name == name })?.path,
                let words = KnownWords(folder: path)
            else { return nil }
            return Candidate(name: name, path: path, words: words)
        }
        let record = photo.flatMap { $0 == "-" ? nil : try? ImageMetadata(contentsOf: $0) }
        self.init(for: prompts, record: record?[ImageMetadata.ownKey], among: candidates)
    }

    /// The choice among candidates; nil where there are not two.
    /// - Parameter record: the account that the program left in the photo.
    public init?(for prompts: [String], record: String?, among candidates: [Candidate]) {
        guard candidates.count > 1 else { return nil }
        let other: Message = "\(.setting("model"), before: "; ", after: " names another", plain: "")"
        if let origin = record.flatMap(Self.origin(of:)),
            let found = candidates.first(where: { $0.name == origin })
        {
            path = found.path
            message = "the model is \(found.name), whose picture the photo is\(other)"
            return
        }
        let text = prompts.joined(separator: " ")
        let total = KnownWords.content(of: text).count
        let counts = candidates.map { $0.words.known(in: text).count }
        let best = counts.indices.max { (counts[$0], -$0) < (counts[$1], -$1) } ?? 0
        path = candidates[best].path
        let name = candidates[best].name
        guard total > 0 else {
            message = "the model is \(name), as no words speak for another\(other)"
            return
        }
        let others = candidates.indices.filter { $0 != best }
            .map { "\(candidates[$0].name) \(counts[$0])" }.joined(separator: ", ")
        message =
            "the model is \(name), which knows \(counts[best]) of \(total) word\(total == 1 ? "" : "s") (\(others))\(other)"
    }

    /// The model that a picture's account tells of; what was rendered is the still lifes'.
    private static func origin(of account: String) -> String? {
        struct Account: Decodable {
            struct Model: Decodable { var name: String }
            var command: String?
            var model: Model?
        }
        guard let told = try? JSONDecoder().decode(Account.self, from: Data(account.utf8)) else { return nil }
        return told.command == "still-life" ? "still-life" : told.model?.name
    }
}
