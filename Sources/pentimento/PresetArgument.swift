public import ArgumentParser
public import Editing

extension Preset: ExpressibleByArgument {}
