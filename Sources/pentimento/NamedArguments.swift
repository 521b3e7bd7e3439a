public import ArgumentParser
public import Diffusion
public import Editing

extension Preset: ExpressibleByArgument {}
extension SamplerKind: ExpressibleByArgument {}
