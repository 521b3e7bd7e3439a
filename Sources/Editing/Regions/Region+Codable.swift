import Imaging

extension Region: Codable {
    private enum Keys: String, CodingKey {
        case box, mask, prompt, negative, id, target, role, words, feather, seed
    }

    /// Reads a region: `prompt`, and either `box` (four numbers) or `mask`; what is left out is not set.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let prompt = try container.decode(String.self, forKey: .prompt)
        let negative = try container.decodeIfPresent(String.self, forKey: .negative)
        if let values = try container.decodeIfPresent(MaskValues.self, forKey: .mask) {
            self.init(.mask(values.mask), prompt: prompt, negative: negative)
        } else {
            let numbers = try container.decode([Double].self, forKey: .box)
            guard numbers.count == 4 else {
                throw DecodingError.dataCorruptedError(
                    forKey: .box, in: container, debugDescription: "a box is [x, y, width, height]")
            }
            let box = Box(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
            self.init(.box(box), prompt: prompt, negative: negative)
        }
        id = try container.decodeIfPresent(String.self, forKey: .id)
        target = try container.decodeIfPresent(String.self, forKey: .target)
        role = try container.decodeIfPresent(Role.self, forKey: .role)
        words = try container.decodeIfPresent([String].self, forKey: .words) ?? []
        feather = try container.decodeIfPresent(Double.self, forKey: .feather)
        seed = try container.decodeIfPresent(UInt64.self, forKey: .seed)
    }

    /// Writes the region, a mask with all its values.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        switch place {
        case .box(let box): try container.encode([box.x, box.y, box.width, box.height], forKey: .box)
        case .mask(let mask): try container.encode(MaskValues(mask), forKey: .mask)
        }
        try container.encode(prompt, forKey: .prompt)
        try container.encodeIfPresent(negative, forKey: .negative)
        try container.encodeIfPresent(id, forKey: .id)
        try container.encodeIfPresent(target, forKey: .target)
        try container.encodeIfPresent(role, forKey: .role)
        if !words.isEmpty { try container.encode(words, forKey: .words) }
        try container.encodeIfPresent(feather, forKey: .feather)
        try container.encodeIfPresent(seed, forKey: .seed)
    }
}

/// A mask in a file: rows from the top.
struct MaskValues: Codable {
    let mask: Mask

    private enum Keys: String, CodingKey { case width, height, values }

    init(_ mask: Mask) { self.mask = mask }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let width = try container.decode(Int.self, forKey: .width)
        let height = try container.decode(Int.self, forKey: .height)
        let values = try container.decode([Float].self, forKey: .values)
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        guard width > 0, height > 0, !overflow, count == values.count,
            values.allSatisfy({ (0...1).contains($0) })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .values, in: container,
                debugDescription: "a mask needs width * height values in 0...1")
        }
        mask = Mask(width: width, height: height, values: values)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(mask.width, forKey: .width)
        try container.encode(mask.height, forKey: .height)
        try container.encode(mask.values, forKey: .values)
    }
}
