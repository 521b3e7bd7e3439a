// Edits the demo's image; from the repository's root:
//     swift run -c release --package-path Examples/EditAPicture EditAPicture Models/still-life pear.png
import Diffusion
import Editing
import Imaging
import Tensors

let arguments = CommandLine.arguments.dropFirst()
let model = arguments.first ?? "Models/still-life"
let output = arguments.dropFirst().first ?? "pear.png"

let engine = Engine(folder: try ModelFolder(path: model), device: .best)
let request = EditRequest(
    image: try Image(contentsOf: "Examples/red-apple.png"), prompt: "a green pear on a wooden table",
    source: "a red apple on a wooden table", method: "diffedit"
) {
    $0.seed = 1
    $0.steps = arguments.dropFirst(2).first.flatMap(Int.init)
}

for try await event in engine.edit(request) {
    switch event {
    case .progress(let progress): print("\(progress.stage): \(progress.step) of \(progress.of)")
    case .warning(let text): print("warning: \(text)")
    case .preview: break
    case .finished(let result): try result.image.write(to: output)
    }
}
