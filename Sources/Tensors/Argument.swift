internal import CTorch

/// What an operator is given, and what it answers.
enum Argument {
    case `default`
    case none
    case tensor(Tensor)
    case int(Int)
    case double(Double)
    case bool(Bool)
    case ints([Int])
    case tensors([Tensor?])
    case string(String)
    case device(Device)
    case generator(RandomGenerator)

    static func dtype(_ dtype: DType) -> Argument { .int(Int(dtype.element.rawValue)) }

    static func optional(_ tensor: Tensor?) -> Argument { tensor.map { .tensor($0) } ?? .none }

    /// Takes over a result of the boundary.
    init(owned value: PTValue) {
        switch value.kind {
        case PT_TENSOR:
            guard let handle = value.as.tensor else { failTensor("a tensor result without a tensor") }
            self = .tensor(Tensor(owned: handle))
        case PT_INT: self = .int(Int(value.as.integer))
        case PT_DOUBLE: self = .double(value.as.number)
        case PT_BOOL: self = .bool(value.as.flag)
        default: self = .none
        }
    }

    var listLength: Int { if case .tensors(let list) = self { list.count } else { 0 } }

    /// For failure messages: shapes and dtypes of tensors, other values as they are.
    var summary: String {
        switch self {
        case .default: "default"
        case .none: "none"
        case .tensor(let tensor): "\(tensor.dtype)\(tensor.shape)"
        case .int(let value): "\(value)"
        case .double(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .ints(let values): "\(values)"
        case .tensors(let list):
            "[" + list.map { $0.map { "\($0.dtype)\($0.shape)" } ?? "none" }.joined(separator: ", ") + "]"
        case .string(let text): "\"\(text)\""
        case .device(let device): "\(device)"
        case .generator: "generator"
        }
    }
}

extension Argument: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral {
    init(integerLiteral value: Int) { self = .int(value) }
    init(floatLiteral value: Double) { self = .double(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// Arguments in the boundary's layout, with the memory that their lists need.
struct PackedArguments {
    let values: UnsafeMutablePointer<PTValue>
    private let arguments: [Argument]
    private let buffers: [UnsafeMutableRawPointer]

    init(_ arguments: [Argument]) {
        self.arguments = arguments
        values = .allocate(capacity: max(arguments.count, 1))
        var buffers: [UnsafeMutableRawPointer] = []
        for (index, argument) in arguments.enumerated() {
            var value = PTValue()
            switch argument {
            case .default: value.kind = PT_DEFAULT
            case .none: value.kind = PT_NONE
            case .tensor(let tensor):
                value.kind = PT_TENSOR
                value.as.tensor = tensor.handle
            case .int(let number):
                value.kind = PT_INT
                value.as.integer = Int64(number)
            case .double(let number):
                value.kind = PT_DOUBLE
                value.as.number = number
            case .bool(let flag):
                value.kind = PT_BOOL
                value.as.flag = flag
            case .ints(let list):
                let memory = UnsafeMutablePointer<Int64>.allocate(capacity: max(list.count, 1))
                for (place, number) in list.enumerated() { memory[place] = Int64(number) }
                buffers.append(UnsafeMutableRawPointer(memory))
                value.kind = PT_INTS
                value.count = Int64(list.count)
                value.as.integers = UnsafePointer(memory)
            case .tensors(let list):
                let memory = UnsafeMutablePointer<PTTensor?>.allocate(capacity: max(list.count, 1))
                for (place, tensor) in list.enumerated() { memory[place] = tensor?.handle }
                buffers.append(UnsafeMutableRawPointer(memory))
                value.kind = PT_TENSORS
                value.count = Int64(list.count)
                value.as.tensors = UnsafePointer(memory)
            case .string(let text):
                let bytes = Array(text.utf8)
                let memory = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
                for (place, byte) in bytes.enumerated() { memory[place] = CChar(bitPattern: byte) }
                memory[bytes.count] = 0
                buffers.append(UnsafeMutableRawPointer(memory))
                value.kind = PT_STRING
                value.count = Int64(bytes.count)
                value.as.text = UnsafePointer(memory)
            case .device(let device):
                value.kind = PT_DEVICE
                if case .cuda(let index) = device {
                    value.as.integer = 1
                    value.count = Int64(index)
                }
            case .generator(let generator):
                value.kind = PT_GENERATOR
                value.as.generator = generator.handle
            }
            (values + index).initialize(to: value)
        }
        self.buffers = buffers
    }

    /// Gives the memory back; the arguments stay alive until here.
    func free() {
        for buffer in buffers { buffer.deallocate() }
        values.deallocate()
        withExtendedLifetime(arguments) {}
    }
}
