import Service
import Support
import Testing

/// Weights that were made for few steps, told by what they are called.
@Suite struct FewStepsTests {
    // The nearest wrong rule finds "turbo" or "lcm" anywhere, as in "turbofan" or "calcmap".
    @Test(
        "A name speaks for a kind by its words",
        arguments: [
            ("LCM_Dreamshaper_v7", FewSteps.lcm), ("pytorch_lora_weights-lcm", .lcm), ("sd_turbo", .turbo),
            ("sdxl_lightning_4step", .lightning), ("Hyper-SD15-8steps-lora", .hyper), ("dmd2_4step", .dmd2),
            ("tcd-sd15-lora", .tcd), ("turbofan", nil), ("calcmap", nil), ("dreamshaper_8", nil),
            ("matcd", nil),
        ] as [(String, FewSteps?)])
    func names(name: String, kind: FewSteps?) { #expect(FewSteps(named: [name]) == kind) }

    @Test("What to set is said where many steps or a strong guidance are asked for, and not where they suit")
    func advice() {
        #expect(
            FewSteps.lcm.advice(name: "lcm.safetensors", steps: 50, guidance: 7.5, takesSamplers: true)?
                .description
                == "lcm.safetensors sounds made for few steps: the sampler lcm, 4 steps and a guidance of 1.5 suit it"
        )
        #expect(
            FewSteps.turbo.advice(name: "sd_turbo", steps: 4, guidance: 7.5, takesSamplers: false)?
                .description
                == "sd_turbo sounds made for few steps: 4 steps and a guidance of 1 suit it")
        #expect(FewSteps.tcd.advice(name: "tcd", steps: 4, guidance: 1, takesSamplers: true) == nil)
    }
}
