/// All methods there are.
public enum Registry {
    /// Every method, in the order of `pentimento methods`.
    public static let all: [any EditingMethod.Type] = [
        DiffEdit.self, SDEdit.self, DDIMEdit.self, PromptToPrompt.self, PlugAndPlay.self, Pix2PixZero.self,
        MDP.self,
        MultiDiffusion.self, MasaCtrl.self, LEDITSPlusPlus.self, CycleDiffusion.self, Inpaint.self,
        InstructPix2Pix.self,
    ]

    /// The method used where none is named.
    public static let standard = DiffEdit.description.name

    /// The method of a name.
    /// - Throws: `EditingError.unknownMethod` with the nearest name there is.
    public static func method(named name: String) throws -> any EditingMethod.Type {
        for method in all where method.description.name == name { return method }
        throw EditingError.unknownMethod(
            name: name, nearest: all.map { $0.description.name }.nearest(to: name) ?? standard)
    }
}
