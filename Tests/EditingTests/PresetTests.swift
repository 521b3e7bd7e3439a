import Diffusion
import Foundation
import Imaging
import TestSupport
import Testing

@testable import Editing

/// Every value of every preset, of methods and of inversions, in one table: `Tests/Fixtures/presets.txt`.
@Suite struct PresetTests {
    /// Lines of settings and options; presets other than the paper's say only what differs.
    static func lines(
        _ name: String, _ options: [OptionDescription], of presets: [Preset] = [.paper, .official, .fast],
        settings: (Preset) -> MethodDescription.Settings?
    ) -> [String] {
        presets.compactMap { preset in
            let isPaper = preset == .paper
            let own = isPaper || settings(preset) != settings(.paper) ? settings(preset) : nil
            let values = options.compactMap { option -> String? in
                guard let value = isPaper ? option.standard : option.presets[preset] else { return nil }
                return "\(option.name)=\(value)"
            }
            guard isPaper || own != nil || !values.isEmpty else { return nil }
            return ([name, "\(preset.rawValue):"] + (own.map { [text($0)] } ?? []) + values).joined(
                separator: " ")
        }
    }

    static func text(_ settings: MethodDescription.Settings) -> String {
        var parts = ["steps \(settings.steps)", "guidance \(OptionValue.number(settings.guidance))"]
        if let strength = settings.strength { parts.append("strength \(OptionValue.number(strength))") }
        if let inversion = settings.inversion { parts.append("inversion \(inversion.rawValue)") }
        if let offset = settings.offset { parts.append("offset \(offset)") }
        return "[" + parts.joined(separator: ", ") + "]"
    }

    /// What `tune lora` does with each preset, for each thing that it may tune.
    static var dreamBooth: [String] {
        [Preset.paper, .fast].flatMap { preset in
            Trainable.allCases.map { trainable in
                let (alone, prior) = (
                    DreamBoothRequest([], trainable: trainable, preset: preset),
                    DreamBoothRequest.Prior(prompt: "", preset: preset)
                )
                let beside = DreamBoothRequest([], trainable: trainable, prior: prior, preset: preset)
                return
                    "tune lora \(preset.rawValue) \(trainable.rawValue): rank=\(alone.rank) scale=\(alone.scale) "
                    + "steps=\(alone.steps) with-prior=\(beside.steps) rate=\(alone.learningRate) "
                    + "decay=\(alone.weightDecay) clip=\(alone.clip) prior=\(prior.count) weight=\(prior.weight) "
                    + "prior-steps=\(prior.steps) prior-guidance=\(prior.guidance)"
            }
        }
    }

    @Test("All presets of all methods and inversions have the values of the table")
    func table() throws {
        let methods = Registry.all.map { $0.description }.flatMap { method in
            Self.lines(method.name, method.options, of: method.presetNames) { method.settings($0) }
                + method.inversions.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                    "\(method.name) with \($0.key.rawValue): \(Self.text($0.value))"
                }
        }
        let inversions = InversionDescription.all.flatMap { inversion in
            Self.lines(inversion.kind.rawValue, inversion.options) { _ in nil }.map { "inversion \($0)" }
        }
        let wanted = try String(contentsOfFile: Fixtures.root + "/presets.txt", encoding: .utf8)
            .split(separator: "\n").map(String.init)
        let found = methods + inversions + Self.dreamBooth
        for line in found where !wanted.contains(line) { Issue.record("not in the table: \(line)") }
        for line in wanted where !found.contains(line) { Issue.record("no longer so: \(line)") }
        #expect(found.count == wanted.count)
    }

    @Test(
        "Edit-friendly inversion brings its paper's settings where a method has them, unless others are given"
    )
    func editFriendly() throws {
        var request = EditRequest(image: .init(width: 2, height: 2), prompt: "a pear", method: "ddim")
        #expect(
            try request.checked().settings == .init(steps: 50, guidance: 7.5, strength: 0.8, inversion: .ddim)
        )
        request.inversion = .editFriendly
        for preset in [Preset.paper, .official] {
            request.preset = preset
            let settings = try request.checked().settings
            #expect(settings == .init(steps: 100, guidance: 15, strength: 0.64, inversion: .editFriendly))
            // 36 of the 100 steps are skipped.
            #expect(
                try request.checked().levels(of: .stableDiffusion).stepCount(strength: settings.strength ?? 0)
                    == 64)
        }
        request.guidance = 5
        #expect(try request.checked().settings.guidance == 5)
        request.preset = .fast
        #expect(try request.checked().settings.steps == 20)
    }

    @Test("An offset that a request names shifts the levels of that edit")
    func offset() throws {
        var request = EditRequest(
            image: EditTests.image(16, 16), prompt: "dog", source: "cat", method: "ddim"
        ) {
            $0.steps = 5
            $0.offset = 0
        }
        let account = try DiffusionSession(model: EditTests.model()).edit(request).account
        #expect(account.timesteps == [0, 200, 400, 600, 800] && account.settings.offset == 0)
        request.offset = nil
        let usual = try DiffusionSession(model: EditTests.model()).edit(request).account
        #expect(usual.timesteps == [1, 201, 401, 601, 801] && usual.settings.offset == nil)
        request.offset = 1000
        #expect(throws: DiffusionError.badOffset(offset: 1000, most: 999)) {
            try DiffusionSession(model: EditTests.model()).edit(request)
        }
    }
}
