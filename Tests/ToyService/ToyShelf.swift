package import Diffusion
import Foundation
package import Imaging
import Support
import Synchronization
import Tensors
import ToyModels
package import Vault
package import Workshop

/// Models of closed form by name: "toy", and "other", which is the same.
package final class ToyShelf: ModelLibrary {
    package let names = ["toy", "other"]
    package let device = "cpu"
    private let pause: Mutex<Double>

    /// Models whose passes take so many seconds.
    package init(pause: Double = 0) { self.pause = Mutex(pause) }

    /// Changes how long passes take.
    package func setPause(_ seconds: Double) { pause.withLock { $0 = seconds } }

    private func model() -> GaussianModel {
        let model = GaussianModel(
            side: 16, means: ["dog": GaussianModel.mean(side: 16, first: 96, value: 0.8)])
        model.beforePass = { [self] _ in
            let seconds = pause.withLock { $0 }
            if seconds > 0 { usleep(UInt32(seconds * 1e6)) }
        }
        return model
    }

    package func bytes(of name: String) -> Int { 100 }

    package func card(of name: String) throws -> ModelCard {
        guard names.contains(name) else {
            throw Problem(
                "not-found", 404, "there is no model \"\(name)\"", field: "model", nearest: nil)
        }
        let model = model()
        return ModelCard(name: name, schedule: model.schedule, facts: model.facts)
    }

    package func choice(for prompts: [String], photo: String?) -> String { "toy" }

    package func engine(of name: String) throws -> (engine: Engine, threads: Int) {
        (Engine { [self] in model() }, 1)
    }

    package func prepare(for name: String) {}
}

/// A workshop over a folder of its own, gone at its end.
package final class ToyWorkshop: Sendable {
    package let folder: String
    package let vault: Vault
    package let shelf: ToyShelf
    package let workshop: Workshop

    /// A workshop that is open.
    package init(in folder: String? = nil, pause: Double = 0, queue: Int = 64) async throws {
        let own = NSTemporaryDirectory() + "/workshop-\(UUID().uuidString)"
        self.folder = folder ?? own
        vault = try Vault(folder: self.folder)
        shelf = ToyShelf(pause: pause)
        var settings = Workshop.Settings()
        settings.limits = QueueLimits(all: queue)
        workshop = Workshop(PictureStore(vault, pixelLimit: 1_000_000), models: shelf, settings: settings)
        try await workshop.open()
    }

    /// Keeps an image as if it had been uploaded.
    package func upload(_ image: Image, label: String? = nil) async throws -> PictureRow {
        let file = try vault.incoming()
        try image.encoded(as: .png).withUnsafeBytes { try file.append($0) }
        return try await workshop.store.keep(file, label: label).0
    }

    /// Ends it and removes its folder.
    package func close() async throws {
        await workshop.stop(grace: 0)
        try vault.close()
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// A picture of many colours.
package func toyImage(_ width: Int = 40, _ height: Int = 40) -> Image {
    Image(
        width: width, height: height,
        pixels: (0..<(width * height * 3)).map { UInt8(($0 * 37 + $0 / width) % 256) })
}
