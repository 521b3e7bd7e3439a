import Foundation
import Networks
import Testing

@testable import Diffusion

@Suite struct NoiseScheduleTests {
    @Test(
        "ᾱ of Stable Diffusion's schedule has the published values",
        arguments: [
            (0, 0.9991500000), (1, 0.9982960278), (20, 0.9813143622), (21, 0.9803807481), (51, 0.9505243219),
            (101, 0.8929805371), (201, 0.7521434016), (401, 0.4228815243), (501, 0.2749990669),
            (601, 0.1598164374), (801, 0.0365465246), (901, 0.0140048979), (951, 0.0081550046),
            (961, 0.0072817271), (980, 0.0058437833), (981, 0.0057755001), (999, 0.0046600985),
        ])
    func alphaBars(timestep: Int, expected: Double) {
        #expect(abs(NoiseSchedule.stableDiffusion.alphaBars[timestep] - expected) < 5e-11)
    }

    @Test("Leading levels are 1, 1 + ⌊T/N⌋, …, and their number is N whether or not N divides T")
    func leading() throws {
        let schedule = NoiseSchedule.stableDiffusion
        #expect(try schedule.levels(steps: 50).map(\.timestep) == [0] + stride(from: 1, through: 981, by: 20))
        #expect(try schedule.levels(steps: 20).map(\.timestep) == [0] + stride(from: 1, through: 951, by: 50))
        #expect(try schedule.levels(steps: 60).steps == 60)
        #expect(try schedule.levels(steps: 50)[0].alphaBar == schedule.alphaBars[0])
        #expect(try schedule.levels(steps: 1).map(\.timestep) == [0, 1])
    }

    @Test("Trailing levels end at the last timestep, linspace levels at both ends")
    func otherSpacings() throws {
        let betas = NoiseSchedule.betas(.linear, from: 0.0001, to: 0.02, count: 1000)
        let trailing = NoiseSchedule(betas: betas, endsClean: true, spacing: .trailing, offset: 0)
        #expect(try trailing.levels(steps: 4).map(\.timestep) == [0, 249, 499, 749, 999])
        #expect(try trailing.levels(steps: 3).map(\.timestep) == [0, 332, 666, 999])
        #expect(try trailing.levels(steps: 4)[0].alphaBar == 1)
        let linspace = NoiseSchedule(betas: betas, spacing: .linspace, offset: 0)
        #expect(try linspace.levels(steps: 4).map(\.timestep) == [0, 0, 333, 666, 999])
    }

    @Test("More steps than the schedule has room for, or none, are refused with the most there are")
    func steps() {
        let schedule = NoiseSchedule.stableDiffusion
        #expect(throws: DiffusionError.badSteps(steps: 0, most: 999)) { try schedule.levels(steps: 0) }
        #expect(throws: DiffusionError.badSteps(steps: 1001, most: 999)) { try schedule.levels(steps: 1001) }
        #expect(DiffusionError.badSteps(steps: 0, most: 999).description.contains("1 to 999"))
    }

    @Test("A short training schedule gives levels within it")
    func shortSchedule() throws {
        let betas = NoiseSchedule.betas(.scaledLinear, from: 0.00085, to: 0.012, count: 100)
        let levels = try NoiseSchedule(betas: betas).levels(steps: 10)
        #expect(levels.map(\.timestep) == [0] + stride(from: 1, through: 91, by: 10))
    }

    @Test("A share of the trajectory is counted in steps without binary surprises")
    func reach() throws {
        let levels = try NoiseSchedule.stableDiffusion.levels(steps: 50)
        #expect(levels.stepCount(strength: 0.58) == 29)
        #expect(levels.stepCount(strength: 0.8) == 40)
        #expect(levels.stepCount(strength: 0.999) == 49)
        #expect(levels.stepCount(strength: 1) == 50)
        #expect(levels.stepCount(strength: 0) == 0)
    }

    @Test("An offset of its own shifts leading timesteps, nothing else, and stays within the schedule")
    func offset() throws {
        let schedule = NoiseSchedule.stableDiffusion
        let zero = try schedule.with(offset: 0)
        #expect(try zero.levels(steps: 50).map(\.timestep) == [0] + stride(from: 0, through: 980, by: 20))
        #expect(try zero.levels(steps: 50)[1].alphaBar == zero.finalAlphaBar)
        #expect(zero.mostSteps == 1000)
        #expect(zero.alphaBars == schedule.alphaBars)
        #expect(try zero.with(offset: 1) == schedule)
        let trailing = NoiseSchedule(betas: [0.1, 0.2, 0.3], spacing: .trailing)
        #expect(try trailing.with(offset: 2).levels(steps: 2) == trailing.levels(steps: 2))
        #expect(throws: DiffusionError.badOffset(offset: 1000, most: 999)) { try schedule.with(offset: 1000) }
        #expect(throws: DiffusionError.badOffset(offset: -1, most: 999)) { try schedule.with(offset: -1) }
        #expect(
            DiffusionError.badOffset(offset: -1, most: 999).description
                == "timesteps cannot be shifted by -1; the model's schedule allows 0 to 999")
    }

    @Test("The squared cosine never adds more than 0.999")
    func squaredCosine() {
        let betas = NoiseSchedule.betas(.squaredCosine, from: 0, to: 0, count: 1000)
        #expect(betas.max() == 0.999)
        #expect(betas.min().map { $0 > 0 } == true)
    }

    @Test("A schedule scaled to end in noise alone keeps its first ᾱ and ends at 2⁻²⁴")
    func zeroTerminal() {
        let betas = NoiseSchedule.betas(.scaledLinear, from: 0.00085, to: 0.012, count: 1000)
        let schedule = NoiseSchedule(betas: betas, prediction: .velocity, zeroTerminal: true)
        #expect(abs(schedule.alphaBars[0] - 0.99915) < 1e-12)
        #expect(schedule.alphaBars[999] == 0x1p-24)
    }
}

@Suite struct NoiseScheduleReadingTests {
    static let stableDiffusion = """
        {"_class_name": "PNDMScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear",
         "beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false,
         "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null, "clip_sample": false}
        """

    func read(_ json: String) throws -> NoiseSchedule {
        try NoiseSchedule(json: Data(json.utf8), path: "s.json")
    }

    @Test("Stable Diffusion's configuration gives Stable Diffusion's schedule")
    func stableDiffusion() throws {
        #expect(try read(Self.stableDiffusion) == .stableDiffusion)
    }

    @Test("Trained variances take the place of a formula")
    func trainedBetas() throws {
        let schedule = try read(
            """
            {"_class_name": "EulerDiscreteScheduler", "trained_betas": [0.1, 0.2], "num_train_timesteps": 2,
             "prediction_type": "v_prediction"}
            """
        )
        #expect(schedule.alphaBars.count == 2)
        #expect(abs(schedule.alphaBars[1] - 0.72) < 1e-12)
        #expect(schedule.prediction == .velocity)
        #expect(schedule.finalAlphaBar == 1)
    }

    @Test("What Python's json writes for infinite numbers and for none is read")
    func infinite() throws {
        let schedule = try read(
            """
            {"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity, "sigma_max": Infinity,
             "sigma_min": NaN, "steps_offset": 1}
            """)
        #expect(schedule.offset == 1)
        #expect(
            throws: ConfigurationError.type(path: "s.json", key: "beta_end", value: "NaN", wanted: "a number")
        ) { try read(#"{"clip_sample": false, "steps_offset": 1, "beta_end": NaN}"#) }
    }

    @Test("What the pipelines of Stable Diffusion correct is corrected, and each correction told")
    func corrections() throws {
        let outdated = Data(#"{"_class_name": "DDIMScheduler", "clip_sample": true, "steps_offset": 0}"#.utf8)
        let corrected = try ScheduleFile(json: outdated, path: "s.json")
        #expect(corrected.schedule.offset == 1)
        #expect(
            corrected.notices == [
                "s.json: clip_sample is true; false is used, as diffusers' Stable Diffusion pipelines do",
                "s.json: steps_offset is 0; 1 is used, as diffusers' Stable Diffusion pipelines do",
            ])
        let silent = try ScheduleFile(json: Data("{}".utf8), path: "s.json")
        #expect(
            silent.notices == [
                "s.json: clip_sample is true by default; false is used, as diffusers' Stable Diffusion pipelines do",
                "s.json: steps_offset is 0 by default; 1 is used, as diffusers' Stable Diffusion pipelines do",
            ])
        #expect(try ScheduleFile(json: Data(Self.stableDiffusion.utf8), path: "s.json").notices == [])
    }

    @Test("A pipeline that corrects nothing walks the offset of the file, and is refused where it would clip")
    func uncorrected() throws {
        func read(_ json: String) throws -> ScheduleFile {
            try ScheduleFile(json: Data(json.utf8), path: "s.json", correcting: false)
        }
        let file = try read(#"{"clip_sample": false, "steps_offset": 0}"#)
        #expect(file.schedule.offset == 0)
        #expect(file.notices == [])
        let error = #expect(throws: DiffusionError.self) { try read("{}") }
        #expect(
            error?.description
                == "s.json: clip_sample is true by default, which is not supported; it would cut latents off at "
                + "±1; set it to false")
        #expect(
            throws: DiffusionError.malformedFile(
                path: "s.json", reason: "steps_offset is -1; it must lie in 0..<1000")
        ) { try read(#"{"clip_sample": false, "steps_offset": -1}"#) }
    }

    @Test("A file that is no schedule is told so", arguments: ["<html>", "[]", "", "3"])
    func malformed(json: String) {
        #expect(
            throws: DiffusionError.malformedFile(
                path: "s.json", reason: "not a scheduler's configuration: it is not JSON, or no object")
        ) { try read(json) }
    }

    @Test("A sampler of another family and a missing file are named")
    func strangers() {
        #expect(
            throws: DiffusionError.unsupportedClass(
                path: "s.json", component: "the scheduler", className: "FlowMatchEulerDiscreteScheduler")
        ) { try read(#"{"_class_name": "FlowMatchEulerDiscreteScheduler"}"#) }
        #expect(throws: DiffusionError.missingFile(path: "/nowhere.json", purpose: "the noise schedule")) {
            try NoiseSchedule(contentsOf: "/nowhere.json")
        }
    }
}
