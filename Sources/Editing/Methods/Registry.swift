/// All methods there are.
public enum Registry {
    /// Every method, in the order of `pentimento methods`.
    public static let all: [any EditingMethod.Type] = [
        DiffEdit.self, SDEdit.self, DDIMEdit.self, PromptToPrompt.self, PlugAndPlay.self, Pix2PixZero.self,
        MDP.self,
        MultiDiffusion.self, P2PRegions.self, MRGD.self, MasaCtrl.self, LEDITSPlusPlus.self,
        CycleDiffusion.self, Inpaint.self, InstructPix2Pix.self, HiPer.self, Imagic.self, SINE.self,
        DiffusionCLIPEdit.self,
        Text2LIVE.self,
        Lift.self,
    ]

    /// The method used where none is named.
    public static let standard = DiffEdit.description.name

    /// The method of a name: its own, its title or another that it goes by; case and punctuation do not count.
    /// - Throws: `EditingError.unknownMethod` with the names there are.
    public static func method(named name: String) throws -> any EditingMethod.Type {
        let wanted = plain(name)
        for method in all {
            let description = method.description
            let names = [description.name, description.title] + description.aliases
            if names.contains(where: { plain($0) == wanted }) { return method }
        }
        throw EditingError.unknownMethod(name: name, known: all.map { $0.description.name })
    }

    /// The methods that learn from the image before they edit it, by name.
    static var tuning: [String] {
        all.filter { $0 is any TuningMethod.Type }.map { $0.description.name }
    }

    private static func plain(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber }
    }
}
