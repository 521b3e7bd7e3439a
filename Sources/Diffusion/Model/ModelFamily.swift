/// The families of models that people have as diffusers folders, by the pipeline that their `model_index.json` names.
enum ModelFamily {
    /// What a pipeline's models are called where they are of another family than Stable Diffusion 1.x and 2.x.
    static func stranger(pipeline className: String) -> String? {
        beginnings.first { className.hasPrefix($0.beginning) }?.family
    }

    /// Whether diffusers' pipeline of this class corrects outdated settings as it is made, see `ScheduleFile`.
    static func corrects(pipeline className: String) -> Bool {
        className != "StableDiffusionInstructPix2PixPipeline"
    }

    /// Beginnings of class names, those that begin others last.
    private static let beginnings: [(beginning: String, family: String)] = [
        ("StableDiffusionXL", "Stable Diffusion XL (SDXL)"),
        ("StableDiffusion3", "Stable Diffusion 3 (SD 3)"),
        ("StableDiffusionUpscale", "the upscaler of Stable Diffusion 2"),
        ("StableDiffusionLatentUpscale", "the latent upscaler of Stable Diffusion"),
        ("StableDiffusionDepth2Img", "Stable Diffusion 2 with depth"),
        ("StableDiffusionImageVariation", "Stable Diffusion for image variations"),
        ("StableDiffusionLDM3D", "LDM3D"), ("StableDiffusionGLIGEN", "GLIGEN"),
        ("StableDiffusionOnnx", "Stable Diffusion as ONNX"),
        ("OnnxStableDiffusion", "Stable Diffusion as ONNX"),
        ("StableUnCLIP", "Stable unCLIP"), ("StableCascade", "Stable Cascade"),
        ("StableVideoDiffusion", "Stable Video Diffusion"), ("StableAudio", "Stable Audio"),
        ("LatentConsistencyModel", "latent consistency models (LCM)"), ("AltDiffusion", "AltDiffusion"),
        ("Flux2", "FLUX.2"), ("Flux3", "FLUX.3"), ("Flux", "FLUX"), ("Chroma", "Chroma"),
        ("Kolors", "Kolors"),
        ("Kandinsky", "Kandinsky"), ("Wuerstchen", "Würstchen"), ("PixArt", "PixArt"), ("Sana", "Sana"),
        ("HunyuanDiT", "Hunyuan-DiT"), ("HunyuanVideo", "HunyuanVideo"), ("HunyuanImage", "HunyuanImage"),
        ("Hunyuan", "HunyuanVideo"), ("AuraFlow", "AuraFlow"), ("Lumina", "Lumina"),
        ("QwenImage", "Qwen-Image"),
        ("ZImage", "Z-Image"), ("HiDream", "HiDream"), ("OmniGen", "OmniGen"), ("Bria", "Bria"),
        ("CogView", "CogView"), ("CogVideoX", "CogVideoX"), ("ConsisID", "CogVideoX"), ("Wan", "Wan"),
        ("SkyReels", "SkyReels"), ("LTX", "LTX-Video"), ("Mochi", "Mochi"), ("Allegro", "Allegro"),
        ("Latte", "Latte"), ("Cosmos", "Cosmos"), ("EasyAnimate", "EasyAnimate"),
        ("AnimateDiff", "AnimateDiff"),
        ("TextToVideoSD", "ModelScope's text to video"), ("VideoToVideoSD", "ModelScope's text to video"),
        ("I2VGenXL", "I2VGen-XL"), ("IF", "DeepFloyd IF"), ("UnCLIP", "unCLIP (Karlo)"), ("DiT", "DiT"),
        ("Marigold", "Marigold"), ("PaintByExample", "Paint by Example"), ("UniDiffuser", "UniDiffuser"),
        ("VersatileDiffusion", "Versatile Diffusion"), ("BlipDiffusion", "BLIP-Diffusion"),
        ("VQDiffusion", "VQ-Diffusion"), ("Amused", "aMUSEd"), ("ShapE", "Shap-E"),
        ("LDM", "latent diffusion of 2022"),
        ("AudioLDM", "AudioLDM"), ("MusicLDM", "MusicLDM"), ("AudioDiffusion", "Audio Diffusion"),
        ("VisualCloze", "VisualCloze"), ("ConsistencyModel", "consistency models in pixel space"),
    ]
}
