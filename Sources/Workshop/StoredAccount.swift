package import Editing
package import Service
package import Support

/// How a result was made, as it is kept: what is told, and what a download writes into a file.
package struct StoredAccount: Sendable, Codable {
    /// The account as it is told, with the name of the photo.
    package var report: JSONValue
    /// What the engine said of an edit.
    package var edit: EditRecord?
    /// What made a picture that no method edited.
    package var sampling: SamplingRecord?
    /// Threads that shared the rows of a pass.
    package var threads: Int
    /// What the photo was called.
    package var photo: String?

    /// The account of an edit.
    package init(_ edit: EditRecord, report: JSONValue, threads: Int, photo: String) {
        self.edit = edit
        self.report = report
        self.threads = threads
        self.photo = photo
    }

    /// The account of a generated picture.
    package init(_ sampling: SamplingRecord, threads: Int) throws {
        self.sampling = sampling
        report = try JSONValue(encoding: sampling)
        self.threads = threads
    }

    /// What a download is called, without its ending.
    package var stem: String {
        if let edit { return "\(stem(of: photo ?? "photo"))-\(edit.method)-\(edit.seed)" }
        return "generated-\(sampling?.seed ?? 0)"
    }

    /// A name without its ending.
    private func stem(of name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }
}
